"""How far a study is: redrawn by itself, and the whole page when there is more to see."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import RefusedError
from core.jobs.segmentation_queue import cancel
from core.jobs.segmentations import ENDED, eta_s, find_segmentation, position, share_done
from core.jobs.standstill import why_it_stands_still
from core.jobs.study_view import study_view
from core.workspace import NotInWorkspaceError
from pages.parts import store
from pages.parts.importing.findings import plain
from pages.parts.running import duration
from pages.parts.words import plural

EVERY_S = 0.5


@st.fragment(run_every=EVERY_S)
def progress(job_id: str, shown: str) -> None:
    """Draw how far a study is.

    Args:
        job_id: which.
        shown: what the page shows of it; when there is more, the page is drawn anew.
    """
    place = store.workspace()
    try:
        job = find_segmentation(place, job_id)
    except NotInWorkspaceError:
        st.rerun(scope="app")
    status = job.status
    if status.state in ENDED or stage(study_view(job)) != shown:
        st.rerun(scope="app")
    if (waiting := position(place, job)) is not None and waiting > 1:
        st.markdown(f"**Waiting** :gray[{waiting - 1} before it]")
    else:
        left = eta_s(status)
        slices = f"{status.slices_done} of {plural(status.slices_total, 'slice')}" if status.slices_total else ""
        words = [status.label or "starting", slices, duration(left) if left is not None else ""]
        st.progress(share_done(status), text=f":gray[{' · '.join(filter(None, words))}]")
    if said := why_it_stands_still(place, job.asked.device):
        st.caption(f":orange[!] {plain(said[:1].upper() + said[1:])}.")
    if st.button("Cancel", key=f"cancel {job_id}"):
        try:
            cancel(place, job)
        except RefusedError as error:
            st.caption(str(error))


def stage(view: dict[str, Any] | None) -> str:
    """Return how much there is to see of a study."""
    if view is None:
        return "nothing"
    return "mask" if view["mask"] else "first slice" if view["first"] else "images"
