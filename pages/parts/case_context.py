"""How a case was acquired, as far as its files say and it may be shown."""

from __future__ import annotations

import base64
import re

import pandas as pd
import streamlit as st

from core.importing.keeping import HARMONISED_PICTURE
from core.workspace import Cohort
from pages.parts import store
from pages.parts.volumes import TITLES
from pages.parts.words import plural

CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
UNITS = {
    "EchoTime": "ms",
    "RepetitionTime": "ms",
    "InversionTime": "ms",
    "MagneticFieldStrength": "T",
    "SliceThickness": "mm",
    "SpacingBetweenSlices": "mm",
    "FlipAngle": "degrees",
    "KVP": "kV",
}


def acquisition(cohort: Cohort, case_id: str) -> None:
    """Draw the allow-listed facts of each sequence side by side; nothing where the files say nothing."""
    table = acquisition_table(cohort, case_id)
    if table.empty:
        return
    with st.expander("Acquisition"):
        st.table(table, border="horizontal")
        st.caption("From the files, by a list of what may be shown: never a name or an identifier; dates are shifted.")


def brought_onto_one_grid(cohort: Cohort, case_id: str) -> None:
    """Draw what was done to a case on its way in, step by step; nothing where nothing was."""
    done = cohort.cases[case_id].facts.get("harmonised")
    if not done:
        return
    with st.expander(f"Brought onto one grid in {plural(len(done['steps']), 'step')}"):
        for number, step in enumerate(done["steps"], 1):
            st.caption(f"{number}. {step['sentence']}")
        picture = store.workspace().kept_folder(cohort.name, case_id) / HARMONISED_PICTURE
        if picture.exists():
            address = f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"
            st.image(address, alt="Each series before and after")


def acquisition_table(cohort: Cohort, case_id: str) -> pd.DataFrame:
    """Return one row per fact and one column per sequence, as text; what a sequence does not say is empty."""
    context = cohort.cases[case_id].facts.get("context") or {}
    rows = list(dict.fromkeys(key for facts in context.values() for key in facts))
    columns = {
        TITLES.get(name, name): [_said(facts.get(key)) for key in rows] for name, facts in context.items() if facts
    }
    return pd.DataFrame(columns, index=[_worded(key) for key in rows])


def _worded(key: str) -> str:
    """Say `EchoTime` as `Echo time, ms`."""
    words = CAMEL.sub(" ", key).replace("_", " ")
    unit = f", {UNITS[key]}" if key in UNITS else ""
    return (words if words.isupper() else words.capitalize()) + unit


def _said(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
