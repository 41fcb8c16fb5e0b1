"""The first step: a study from the visitor's computer, or a case that is here already."""

from __future__ import annotations

import time

import streamlit as st

from core.data import limits
from core.errors import RefusedError
from core.jobs.borrowed_studies import bring_case
from core.jobs.folder import JobStatus
from core.jobs.segmentation_choices import AUTO
from core.jobs.segmentation_queue import kept_s, submit
from core.jobs.segmentations import SegmentationJob, SegmentationRequest, segmentations
from core.jobs.study_view import study_view
from core.jobs.uploads import NoSuchUploadError, Upload, find_upload, owner_of, uploads_of
from pages.parts import state, store
from pages.parts.guard import in_a_sentence
from pages.parts.importing.findings import plain
from pages.parts.pickers import pick_cohort
from pages.parts.uploader import this_browser, uploader

WORDS = {"queued": "waiting", "running": "under way", "done": "done", "failed": "failed", "cancelled": "cancelled"}


def bring_a_study() -> None:
    """Draw both ways in, and the studies that this browser has brought already."""
    left, right = st.columns([1.4, 1], gap="medium")
    with left, st.container(border=True, key="surface-bring"):
        st.markdown("**Segment a scan**")
        with in_a_sentence():
            _upload()
        st.caption(
            "A zipped or loose DICOM study, NIfTI or NRRD files, brain only or as the scanner left them. They stay on "
            f"the disk of the server that shows this page and are deleted {kept_s() / 3600:.0f} h after the "
            "segmentation; you can do it sooner."
        )
    with right:
        with st.container(border=True, key="surface-borrow"):
            st.markdown("**Or try a case that is here**")
            with in_a_sentence():
                _borrow()
        _brought_before()


def start(upload: Upload) -> None:
    """Put a study into the queue and open it."""
    request = SegmentationRequest(AUTO, owner=owner_of(this_browser()))
    state.open_study(submit(store.workspace(), upload, request).id)
    st.rerun()


def _upload() -> None:
    place = store.workspace()
    pending = next(iter(uploads_of(place, this_browser())), None)
    most = limits.MAX_UPLOAD_BYTES / 1024**3
    hint = f"One patient's series, up to {most:.0f} GB"
    told = uploader(place, pending, hint, "Segment it", key="study uploader")
    if told.finished:
        try:
            upload = find_upload(place, told.finished, this_browser())
        except NoSuchUploadError:  # it is a study by now: the browser tells of it once more
            return
        start(upload)


def _borrow() -> None:
    cohort = pick_cohort()
    if cohort is None:
        st.caption("There is none yet. Overview makes a demo of phantoms within seconds.")
        return
    case_id = st.selectbox("Case", list(cohort.cases), key=f"borrowed of {cohort.name}", label_visibility="collapsed")
    if st.button("Segment this case", key="borrow"):
        try:
            upload = bring_case(store.workspace(), cohort, case_id)
        except RefusedError as error:
            st.error(str(error))
            return
        try:
            start(upload)
        except RefusedError:
            upload.remove()  # nobody has to send it again, and it is no upload that was broken off
            raise


def _brought_before() -> None:
    owner = owner_of(this_browser())
    mine = [(job, status) for job, status in segmentations(store.workspace()) if job.asked.owner == owner]
    if not mine:
        return
    with st.container(border=True, key="surface-before"):
        st.markdown("**Yours**")
        for job, status in reversed(mine[-8:]):
            button, words = st.columns([1, 6], vertical_alignment="center")
            button.button("Open", key=f"open {job.id}", on_click=state.open_study, args=(job.id,))
            words.caption(_told_apart(job, status))


def _told_apart(job: SegmentationJob, status: JobStatus) -> str:
    """Return what tells a study from the others: its case, its model, how it is and since when it is here."""
    view = study_view(job) or {"case": "a study"}
    minutes = max(0.0, time.time() - status.queued_at) / 60
    age = f"{minutes:.0f} min ago" if minutes < 90 else f"{minutes / 60:.0f} h ago"
    said = [view["case"], view.get("model") or "", WORDS[status.state], age]
    return plain(" · ".join(filter(None, said)))
