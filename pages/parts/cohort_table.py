"""The cohort as a table of pages: search, sort, pictures, and the case that is looked at."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.workspace import Cohort
from pages.parts import state
from pages.parts.cohort_index import ORDERS, CohortIndex, Places, found, index_of
from pages.parts.thumbnails import thumbnail

PAGE = 50
ROW_HEIGHT = 56
TABLE_HEIGHT = 640
REFUSED_LISTED = 100


def cohort_table(cohort: Cohort) -> None:
    """Draw search, order, one page of cases, and the way to the others; a chosen row becomes the session's case."""
    index = index_of(cohort)
    with st.container(horizontal=True, gap="small"):
        sought = st.text_input(
            "Search ids, groups, sequences and findings",
            placeholder=f"Search {len(index.cases):,} cases",
            label_visibility="collapsed",
            key=f"search {cohort.name}",
        )
        order = st.selectbox(
            "Order",
            list(ORDERS),
            format_func=lambda name: ORDERS[name].title,
            label_visibility="collapsed",
            width=175,
            key=f"order of {cohort.name}",
        )
    places = found(index, sought, ORDERS[order])
    listing = f"{cohort.name} {order} {sought}"
    page = min(_page(listing, index, places), last_page(len(places)))
    _rows(cohort, index, places[page * PAGE : (page + 1) * PAGE], f"{listing} {page}")
    _turning(listing, page, len(places))
    _refused(cohort)


def last_page(count: int) -> int:
    """Return the number of the last page of `count` cases, from 0."""
    return max(0, count - 1) // PAGE


def page_rows(cohort: Cohort, index: CohortIndex, places: Places) -> pd.DataFrame:
    """Return one row per place: picture, case, ml of the first region, voxel size, and the group where it says more."""
    cases = [index.cases[place] for place in places]
    rows: dict[str, list[Any]] = {
        "picture": [thumbnail(cohort, case_id) for case_id in cases],
        "case": cases,
        "ml": [index.ml[place] for place in places],
        "spacing": [index.spacings[place] for place in places],
    }
    if index.group_count < len(index.cases):
        rows["group"] = [index.groups[place] for place in places]
    return pd.DataFrame(rows)


def _page(listing: str, index: CohortIndex, places: Places) -> int:
    """Return the page that was turned to; a listing that is new opens at its start, the first at the session's case."""
    turned = state.page_of(listing)
    if turned is not None:
        return turned
    page = 0
    if not state.any_page():
        at = (places == index.places.get(state.chosen_case(index.places) or "", -1)).nonzero()[0]
        page = int(at[0]) // PAGE if at.size else 0
    state.turn_to_page(listing, page)
    return page


def _rows(cohort: Cohort, index: CohortIndex, places: Places, key: str) -> None:
    rows = page_rows(cohort, index, places)
    region = cohort.scheme.region_names[0]
    current = state.chosen_case(index.places)
    here = [number for number, case_id in enumerate(rows["case"]) if case_id == current]
    chosen = st.dataframe(
        rows,
        hide_index=True,
        height=TABLE_HEIGHT,
        row_height=ROW_HEIGHT,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": here}},
        key=f"cases of {key}",
        column_config={
            "picture": st.column_config.ImageColumn("", width=56),
            "case": st.column_config.TextColumn("Case", width=150),
            "ml": st.column_config.NumberColumn(f"{region}, ml" if len(region) < 4 else "ml", format="%.1f", width=62),
            "spacing": st.column_config.TextColumn("Voxel, mm", width=108),
            "group": st.column_config.TextColumn("Group", width=110),
        },
    )
    if chosen.selection.rows and chosen.selection.rows[0] < len(rows):
        state.choose_case(str(rows["case"][chosen.selection.rows[0]]))


def _turning(listing: str, page: int, count: int) -> None:
    last = last_page(count)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Previous", disabled=page == 0, on_click=state.turn_to_page, args=(listing, page - 1))
        st.button("Next", disabled=page == last, on_click=state.turn_to_page, args=(listing, page + 1))
        first = page * PAGE + 1
        shown = f"{first:,}–{min(count, first + PAGE - 1):,} of {count:,}" if count else "No case matches."
        st.caption(shown, width="content", help="In the table arrow keys move, and Shift+Space chooses the case.")


def _refused(cohort: Cohort) -> None:
    if not cohort.refused:
        return
    count = len({refused["case"] for refused in cohort.refused})
    with st.expander(f"{count:,} refused: why"):
        for refused in cohort.refused[:REFUSED_LISTED]:
            st.caption(f"**{refused['case']}**: found {refused['found']}; expected {refused['expected']}.")
        if len(cohort.refused) > REFUSED_LISTED:
            st.caption(f"and {len(cohort.refused) - REFUSED_LISTED:,} more")
