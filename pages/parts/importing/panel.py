"""The import as a whole: which step the address says, and the way from each to the next."""

from __future__ import annotations

import streamlit as st

from core.jobs.folder import JobFolder, recent_jobs
from core.jobs.import_cases import KIND, find_import, request_of
from core.jobs.uploads import owner_of
from core.workspace import NotInWorkspaceError
from pages.parts import state, store
from pages.parts.guard import in_a_sentence
from pages.parts.importing.outcome import failure, imported, progress
from pages.parts.importing.review import review
from pages.parts.importing.sources import choose_source
from pages.parts.uploader import this_browser

STEPS = ("1 Choose", "2 Check", "3 Import")


def import_button(label: str = "Import") -> None:
    """Draw the button that opens the import; what this browser has left half-way comes back."""
    st.button(label, key="import", on_click=_open)


def import_panel() -> None:
    """Draw the step that the address says."""
    try:
        job = _job(state.importing() or state.NEW_IMPORT)
    except NotInWorkspaceError as error:
        _heading(0)
        st.warning(str(error))
        job = None
    else:
        _heading(0 if job is None else _step(job))
    with in_a_sentence():
        if job is None:
            state.open_import()  # a link within the app leaves the address as it was, and a reload would lose its way
            choose_source()
        elif job.status.state in ("queued", "running"):
            progress(job.id)
        elif job.status.state == "failed":
            failure(job)
        elif request_of(job).mode == "check":
            review(job)
        else:
            imported(job)


def _heading(step: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.subheader("Import", anchor=False, width="content")
        words = [f"**{name}**" if number == step else f":gray[{name}]" for number, name in enumerate(STEPS)]
        st.markdown(" :gray[›] ".join(words), width="content")
        st.space("stretch")
        label = "Back to Browse" if store.workspace().cohort_names() else "Close"
        st.button(label, key="close import", on_click=state.close_import)


def _step(job: JobFolder) -> int:
    return 1 if request_of(job).mode == "check" else 2


def _job(name: str) -> JobFolder | None:
    return None if name == state.NEW_IMPORT else find_import(store.workspace(), name, this_browser())


def _open() -> None:
    state.open_import(_left_half_way() or state.NEW_IMPORT)


def _left_half_way() -> str | None:
    """Return the newest job of this browser that still runs, or a check that nothing was made of yet."""
    place, owner = store.workspace(), owner_of(this_browser())
    for job_id, status in recent_jobs(place):
        if status.kind == KIND and status.state != "failed":
            request = request_of(JobFolder(place.jobs / job_id))
            if request.owner == owner:
                return job_id if request.mode == "check" or status.state != "done" else None
    return None
