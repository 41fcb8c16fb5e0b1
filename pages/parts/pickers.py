"""The selects that pages share, each with its present value visible."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.evaluation.saved_files import SavedModel
from core.workspace import Cohort
from pages.parts import state, store
from pages.parts.cohort_index import ORDERS, CohortIndex, found, index_of

MOST_CASES = 200


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
    """Draw the case's select and return the case id.

    A select sends every option to the browser with every run. Where there are many cases it holds those around the
    present one, and a part of any id can be typed.
    """
    index = index_of(cohort)
    current = state.chosen_case(index.places) or index.cases[0]
    cases = around(index.cases, index.places[current], MOST_CASES)
    some = len(cases) < len(index.cases)
    nearby = f"{len(cases)} of {len(index.cases):,} cases, those around this one; type a part of any other's id."
    picked: str | None = st.selectbox(
        "Case",
        cases,
        cases.index(current),
        width=width,
        label_visibility="visible" if some else "collapsed",
        accept_new_options=some,
        help=nearby if some else None,
    )
    case_id = picked if picked in index.places else _named_in_part(index, picked or "", current)
    state.choose_case(case_id)
    return case_id


def around(cases: Sequence[str], place: int, most: int) -> list[str]:
    """Return at most `most` neighbouring cases with the one at `place` among them, in its middle where that can be."""
    first = max(0, min(place - most // 2, len(cases) - most))
    return list(cases[first : first + most])


def _named_in_part(index: CohortIndex, typed: str, otherwise: str) -> str:
    if not typed.strip():
        return otherwise
    places = found(index, typed, ORDERS["case"])
    if not places.size:
        st.caption(f"No case matches {typed!r}.")
        return otherwise
    if places.size > 1:
        st.caption(f"The first of {places.size:,} cases that match {typed!r}.")
    return index.cases[int(places[0])]


def pick_models(cohort: Cohort, most: int, width: int = 560) -> dict[str, SavedModel]:
    """Draw the models' select and return name to model, in the order in which they were chosen."""
    known = store.comparable(cohort)
    names = list(known)
    current = state.chosen_models(names, names[:most])
    picked = st.multiselect(
        "Models",
        names,
        current,
        format_func=lambda name: store.model_title(name, known[name]),
        max_selections=most,
        placeholder="Choose models to compare",
        width=width,
        label_visibility="collapsed",
    )
    state.choose_models(picked)
    return {name: known[name] for name in picked}
