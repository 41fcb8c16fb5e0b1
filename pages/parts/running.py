"""What is running, in the header of every page."""

from __future__ import annotations

import streamlit as st

from core.jobs.folder import JobStatus, recent_jobs
from core.jobs.segmentations import KIND
from core.jobs.trainings import list_runs
from pages.parts import store

EVERY_S = 3.0


def show_running() -> None:
    """Draw a badge for the training and the job that run now; nothing when all is quiet."""
    _badges()


@st.fragment(run_every=EVERY_S)
def _badges() -> None:
    with st.container(horizontal=True, gap="small"):
        for text in running_now():
            st.badge(text, color="gray")


@st.fragment(run_every=EVERY_S)
def running_list() -> None:
    """Draw what runs, and keep it up to date."""
    draw_running()


def draw_running() -> None:
    """Draw a bar for everything that runs, and the reason of what failed within the hour."""
    place = store.workspace()
    rows = [
        (run["title"], duration(run["eta_s"]), run["step"] / max(1, run["total_steps"]))
        for run in list_runs(place)
        if run["state"] == "running"
    ]
    jobs = [status for _, status in recent_jobs(place)]
    rows += [(job.title, job.label, job.done / max(1, job.total)) for job in jobs if job.state in ("queued", "running")]
    if rows:
        st.markdown("**Running**")
    for title, words, share in rows:
        st.progress(min(1.0, share), text=f"{title} :gray[ {words}]")
    for job in jobs:
        if job.state == "failed":
            st.error(f"{job.title}: {job.message}")


def running_now() -> list[str]:
    """Return a line for each training and job that runs."""
    place = store.workspace()
    trainings = [
        f"{run['title']} · step {run['step']} of {run['total_steps']} · {duration(run['eta_s'])}"
        for run in list_runs(place)
        if run["state"] == "running"
    ]
    jobs = [
        " · ".join(filter(None, (status.title, status.label, _how_far(status))))
        for _, status in recent_jobs(place)
        if status.state == "running"
    ]
    return trainings + jobs


def _how_far(status: JobStatus) -> str:
    if not status.total:
        return ""
    return f"{status.done / status.total:.0%}" if status.kind == KIND else f"{status.done} of {status.total}"


def duration(seconds: float | None) -> str:
    """Say how long something still takes."""
    if seconds is None:
        return "starting"
    if seconds < 90:
        return f"{max(1, round(seconds))} s left"
    return f"{round(seconds / 60)} min left"
