"""One study: what was found in its files, the picture, and what was measured."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.jobs.folder import JobStatus
from core.jobs.segmentations import ENDED, SegmentationJob, find_segmentation
from core.jobs.study_view import study_view
from core.jobs.uploads import owner_of
from core.workspace import NotInWorkspaceError
from pages.parts import state, store
from pages.parts.guard import in_a_sentence
from pages.parts.importing.findings import plain
from pages.parts.segment.bringing import bring_a_study
from pages.parts.segment.choosing import models
from pages.parts.segment.files import checks, series
from pages.parts.segment.measured import how_sure, lesions, measured
from pages.parts.segment.picture import picture
from pages.parts.segment.progress import progress, stage
from pages.parts.segment.sequences import titled
from pages.parts.segment.steps import as_the_scanner_left_it, steps_done, steps_under_way
from pages.parts.segment.stress import stress_panel
from pages.parts.segment.take_away import take_away
from pages.parts.uploader import this_browser


def one_study(job_id: str) -> None:
    """Draw a study of this browser in the state that it is in."""
    try:
        job = find_segmentation(store.workspace(), job_id, owner_of(this_browser()))
    except NotInWorkspaceError as error:
        st.warning(str(error))
        bring_a_study()
        return
    status, view = job.status, study_view(job)
    left, middle, right = st.columns([1, 2.7, 1.1], gap="medium")
    with left:
        st.button("Another scan", key="another scan", on_click=state.close_study, icon=":material/add:")
        _left(job, status, view)
    with middle:
        if status.state == "failed":
            st.error(plain(titled(status.message)))
        elif status.state == "cancelled":
            st.warning("This segmentation was cancelled, and its files are deleted.")
        elif view is None:
            as_the_scanner_left_it(job.id)
        if view is not None and status.state not in ("failed", "cancelled"):
            with st.container(key="picture"), in_a_sentence():
                _which_case(job, status, view)
                picture(job, view)
    with right:
        _right(job, status, view)


def _which_case(job: SegmentationJob, status: JobStatus, view: dict[str, Any]) -> None:
    """Say which case is shown, where several were brought."""
    cases = len(job.document()["cases"]) if status.state == "done" else 1
    if cases > 1:
        st.caption(f"Shown is {plain(view['case'])}, one of {cases} cases; what you take away holds all of them.")


def _left(job: SegmentationJob, status: JobStatus, view: dict[str, Any] | None) -> None:
    if status.state not in ENDED:
        with st.container(border=True, key="surface-progress"):
            progress(job.id, stage(view))
            steps_under_way(job.id)
    if view is not None:
        with st.container(border=True, key="surface-series"):
            series(job, view)
        with st.container(border=True, key="surface-checks"):
            checks(status, view)
            if status.state == "done":
                steps_done(job)
    if status.state == "done" and view is not None:
        with st.container(border=True, key="surface-models"), in_a_sentence():
            models(job, view)


def _right(job: SegmentationJob, status: JobStatus, view: dict[str, Any] | None) -> None:
    if view is not None and view["measured"]:
        with st.container(border=True, key="surface-measured"):
            measured(view)
        with st.container(border=True, key="surface-lesions"):
            lesions(job, view)
        with st.container(border=True, key="surface-sure"):
            how_sure(view)
        if status.state == "done":
            with st.container(border=True, key="surface-stress"), in_a_sentence():
                stress_panel(job, view)
    if status.state in ENDED:
        with st.container(border=True, key="surface-away"), in_a_sentence():
            take_away(job, status)
    st.caption("For research. Not a medical device.")
