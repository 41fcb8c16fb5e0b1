"""Browse: the cohort as a table with pictures, the chosen case's sequences linked beside it."""

from __future__ import annotations

import streamlit as st

from core.workspace import Cohort
from pages.parts import state
from pages.parts.case_context import acquisition, brought_onto_one_grid
from pages.parts.case_facts import findings, histogram, measured
from pages.parts.cohort_table import cohort_table
from pages.parts.empty import nothing_yet
from pages.parts.guard import in_a_sentence
from pages.parts.importing import import_button, import_panel
from pages.parts.pickers import pick_cohort
from pages.parts.surfaces import following, surfaces_below
from pages.parts.viewer import Panel, ViewerView, region_styles, slice_viewer
from pages.parts.volumes import GROUND_TRUTH, image_refs, reference_ref

VIEWER_HEIGHT = 560


def show() -> None:
    """Draw the page."""
    if state.importing():
        import_panel()
        return
    left, right = st.columns([1, 2.35], gap="medium")
    with left:
        with st.container(horizontal=True, gap="small"):
            cohort = pick_cohort()
            if cohort is not None:
                import_button()
        if cohort is None:
            nothing_yet()
            return
        cohort_table(cohort)
    with right:
        case_id = state.chosen_case(cohort.cases)
        if case_id is None:
            st.caption("This cohort has no case.")
            return
        with in_a_sentence():
            _sequences(cohort, case_id)
        facts, shape = st.columns([1, 1.2], gap="medium")
        with facts:
            measured(cohort, case_id)
            findings(cohort, case_id)
            brought_onto_one_grid(cohort, case_id)
            acquisition(cohort, case_id)
        with shape:
            histogram(cohort, case_id)


def _sequences(cohort: Cohort, case_id: str) -> None:
    images = image_refs(cohort, case_id)
    reference = reference_ref(cohort, case_id)
    masks = {} if reference is None else {GROUND_TRUTH: reference}
    mask = GROUND_TRUTH if masks else None
    view = slice_viewer(
        case_title=case_id,
        images=images,
        masks=masks,
        panels=[Panel(name, case_id if index == 0 else "", image=name, mask=mask) for index, name in enumerate(images)],
        regions=region_styles(cohort.scheme),
        initial=ViewerView(image=next(iter(images))),
        tools=True,
        layout="Sequences",
        height=VIEWER_HEIGHT,
        columns=2,
        address={"cohort": cohort.name, "case": case_id},
        on_view_change=following("browse"),
        key="browse",
    )
    surfaces_below(images, masks, region_styles(cohort.scheme), view, key="browse")


show()
