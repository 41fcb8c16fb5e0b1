"""A check or an import while it runs, when it failed, and when it is done."""

from __future__ import annotations

import time
from functools import partial

import streamlit as st

from core.jobs.folder import JobFolder
from core.jobs.import_cases import CANCELLED, cancel_import, forget_import, report_of, request_of
from pages.parts import state, store
from pages.parts.words import plural

EVERY_S = 1.0


@st.fragment(run_every=EVERY_S)
def progress(job_id: str) -> None:
    """Draw how far a job is, and come back by itself when it has ended."""
    job = JobFolder(store.workspace().jobs / job_id)
    if not (job.folder / "status.json").exists():
        st.rerun(scope="app")
    status = job.status
    if status.state not in ("queued", "running"):
        st.rerun(scope="app")
    with st.container(border=True, key="surface-progress"):
        st.markdown(f"**{status.title}**")
        share = status.done / status.total if status.total else 0.0
        counted = f" · {status.done} of {status.total}" if status.total else ""
        st.progress(min(1.0, share), text=f":gray[{status.label or 'starting'}{counted}]")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Cancel", key="cancel import", on_click=cancel_import, args=(job,))
            st.caption("It runs on when you close this page, and is found again under Import.", width="content")


def failure(job: JobFolder) -> None:
    """Say why a job failed, and offer the ways on."""
    request, status = request_of(job), job.status
    with st.container(border=True, key="surface-failure"):
        what = "The check" if request.mode == "check" else f"The import of {request.cohort}"
        if status.message == CANCELLED:
            st.markdown(f"{what} was cancelled. Nothing was imported.")
        else:
            st.error(f"{what} failed: {status.message} Nothing was imported.")
        with st.container(horizontal=True):
            if request.check:
                st.button("Back to what was found", type="primary", on_click=state.open_import, args=(request.check,))
            st.button("Start anew", key="discard import", on_click=partial(discard, job))


def imported(job: JobFolder) -> None:
    """Say what an import has made, and open it."""
    report = report_of(job)
    took_s = max(0.0, job.status.heartbeat - _created(job))
    with st.container(border=True, key="surface-imported"):
        st.markdown(f"**{report['cohort']}** :green[✓] :gray[imported in {_duration(took_s)}]")
        st.markdown(
            f"{plural(report['patients'], 'patient')} → {plural(report['cases']['accepted'], 'case')} → "
            f"{plural(report['volumes'], 'volume')} → {plural(report['slices'], 'slice')}"
        )
        facts = [f"layout {report['layout']}", f"labels {report['scheme']}"]
        facts.append(f"{report['air_share']:.0%} of the voxels were air and cropped")
        if refused := {finding["case"] for finding in report["cases"]["refused"]}:
            facts.append(f"{len(refused)} refused, with reasons in Browse")
        st.caption(" · ".join(facts))
        with st.container(horizontal=True):
            st.button("Open in Browse", type="primary", on_click=_open, args=(report["cohort"],))
            st.button("Import more", on_click=state.open_import)


def discard(job: JobFolder) -> None:
    """Delete a job and the upload it was about, and start anew."""
    forget_import(store.workspace(), job)
    state.open_import()


def _open(cohort: str) -> None:
    state.close_import()
    state.choose_cohort(cohort)


def _created(job: JobFolder) -> float:
    path = job.folder / "request.json"
    return path.stat().st_mtime if path.exists() else time.time()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
