"""Browse: the cohort as a table with pictures, the chosen case's sequences linked beside it."""

from __future__ import annotations

import streamlit as st

from core.workspace import Cohort
from pages.parts import state
from pages.parts.case_context import acquisition, brought_onto_one_grid
from pages.parts.case_facts import case_table, findings, histogram, measured
from pages.parts.empty import nothing_yet
from pages.parts.guard import in_a_sentence
from pages.parts.importing import import_button, import_panel
from pages.parts.pickers import pick_cohort
from pages.parts.viewer import Panel, ViewerView, region_styles, slice_viewer
from pages.parts.volumes import GROUND_TRUTH, image_refs, reference_ref

TABLE_HEIGHT = 690
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
        _table(cohort)
    with right:
        case_id = state.chosen_case(list(cohort.cases))
        if case_id is None:
            st.caption("No case matches.")
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


def _table(cohort: Cohort) -> None:
    sought = st.text_input("Search", placeholder=f"Search {len(cohort.cases)} cases", label_visibility="collapsed")
    rows = case_table(cohort, sought)
    chosen = st.dataframe(
        rows,
        hide_index=True,
        height=TABLE_HEIGHT,
        row_height=56,
        on_select="rerun",
        selection_mode="single-row",
        key=f"cases of {cohort.name} {sought}",
        column_config={
            "picture": st.column_config.ImageColumn("", width=56),
            "case": st.column_config.TextColumn("Case", width=150),
            "ml": st.column_config.NumberColumn("Tumour, ml", format="%.1f", width=80),
            "spacing": st.column_config.TextColumn("Voxel, mm", width=110),
        },
    )
    if chosen.selection.rows:
        state.choose_case(str(rows.iloc[chosen.selection.rows[0]]["case"]))
    if cohort.refused:
        with st.expander(f"{len({refused['case'] for refused in cohort.refused})} refused: why"):
            for refused in cohort.refused:
                st.caption(f"**{refused['case']}**: found {refused['found']}; expected {refused['expected']}.")


def _sequences(cohort: Cohort, case_id: str) -> None:
    images = image_refs(cohort, case_id)
    reference = reference_ref(cohort, case_id)
    masks = {} if reference is None else {GROUND_TRUTH: reference}
    mask = GROUND_TRUTH if masks else None
    slice_viewer(
        case_title=case_id,
        images=images,
        masks=masks,
        panels=[Panel(name, case_id if index == 0 else "", image=name, mask=mask) for index, name in enumerate(images)],
        regions=region_styles(cohort.scheme),
        initial=ViewerView(image=next(iter(images))),
        height=VIEWER_HEIGHT,
        columns=2,
        address={"cohort": cohort.name, "case": case_id},
        key="browse",
    )


show()
