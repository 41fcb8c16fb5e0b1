"""How a case was acquired, as far as its files say and it may be shown."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.workspace import Cohort
from pages.parts.volumes import TITLES


def acquisition(cohort: Cohort, case_id: str) -> None:
    """Draw the allow-listed facts of each sequence side by side; nothing where the files say nothing."""
    table = acquisition_table(cohort, case_id)
    if table.empty:
        return
    with st.expander("Acquisition"):
        st.table(table, border="horizontal")
        st.caption("From the files, by a list of what may be shown: never a name or an identifier; dates are shifted.")


def acquisition_table(cohort: Cohort, case_id: str) -> pd.DataFrame:
    """Return one row per fact and one column per sequence, as text; what a sequence does not say is empty."""
    context = cohort.cases[case_id].facts.get("context") or {}
    rows = list(dict.fromkeys(key for facts in context.values() for key in facts))
    columns = {
        TITLES.get(name, name): [_said(facts.get(key)) for key in rows] for name, facts in context.items() if facts
    }
    return pd.DataFrame(columns, index=[_worded(key) for key in rows])


def _worded(key: str) -> str:
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]


def _said(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
