"""The selects that pages share, each with its present value visible."""

from __future__ import annotations

import streamlit as st

from core.checkpoints import Checkpoint
from core.workspace import Cohort
from pages.parts import state, store


def pick_cohort(favourite: str | None = None, width: int = 170) -> Cohort | None:
    """Draw the cohort's select and return the cohort, or None when the workspace is empty."""
    names = store.workspace().cohort_names()
    current = state.chosen_cohort(names, favourite)
    if current is None:
        return None
    picked = st.selectbox("Cohort", names, names.index(current), width=width, label_visibility="collapsed")
    state.choose_cohort(picked)
    return store.cohort(picked)


def pick_case(cohort: Cohort, width: int = 230) -> str:
    """Draw the case's select and return the case id."""
    cases = list(cohort.cases)
    current = state.chosen_case(cases) or cases[0]
    picked = st.selectbox("Case", cases, cases.index(current), width=width, label_visibility="collapsed")
    state.choose_case(picked)
    return picked


def pick_models(cohort: Cohort, most: int, width: int = 560) -> dict[str, Checkpoint]:
    """Draw the models' select and return name to checkpoint, in the order in which they were chosen."""
    fitting = store.fitting(store.checkpoints(), cohort)
    names = list(fitting)
    current = state.chosen_models(names, names[:most])
    picked = st.multiselect(
        "Models",
        names,
        current,
        format_func=lambda name: store.model_title(name, fitting[name]),
        max_selections=most,
        placeholder="Choose models to compare",
        width=width,
        label_visibility="collapsed",
    )
    state.choose_models(picked)
    return {name: fitting[name] for name in picked}
