"""What can be asked of a run: pause, stop, resume, clone, delete."""

from __future__ import annotations

import streamlit as st

from core.errors import RefusedError
from core.jobs.trainings import delete_run, enqueue, pause, stop
from core.training.runs.run_folder import ACTIVE, RunFolder, Status
from pages.parts import state, store


def run_buttons(run: RunFolder, status: Status) -> None:
    """Draw the buttons that fit a run's state."""
    if status.state in ACTIVE:
        _asking(run)
    else:
        _resting(run, status)


def _asking(run: RunFolder) -> None:
    asked = run.requested
    if asked:
        st.caption("pausing after this step" if asked == "pause" else "stopping after this step")
        return
    # callbacks, because a fragment that is part of a whole run may not rerun itself
    _clone_button(run)
    words = "Checkpoint and end; it keeps its place and goes on from there when you resume it."
    st.button("Pause", key="pause", help=words, on_click=_ask, args=(run.name, "pause"))
    words = "Checkpoint and end. What it has learned stays."
    st.button("Stop", key="stop", help=words, on_click=_ask, args=(run.name, "stop"))


def _ask(name: str, action: str) -> None:
    try:
        (pause if action == "pause" else stop)(store.workspace(), name)
    except (RefusedError, OSError) as error:  # it has just ended
        st.error(str(error))


def _resting(run: RunFolder, status: Status) -> None:
    if status.state != "done" and st.button("Resume", key="resume", type="primary"):
        try:
            enqueue(store.workspace(), run.name, "auto")
        except (RefusedError, OSError) as error:
            st.error(str(error))
        else:
            st.rerun(scope="app")
    _clone_button(run)
    with st.popover("Delete"):
        st.caption(f"Deletes {run.name}, its curves and its checkpoints. This cannot be undone.")
        if st.button("Delete for good", key="delete"):
            try:
                delete_run(store.workspace(), run.name)
            except (RefusedError, OSError) as error:
                st.error(str(error))
            else:
                st.rerun(scope="app")


def _clone_button(run: RunFolder) -> None:
    words = "Fill the form with this run's settings, to change some and start again."
    if st.button("Clone", key="clone", help=words, on_click=_clone, args=(run.name,)):
        st.rerun(scope="app")


def _clone(name: str) -> None:
    run = RunFolder(store.workspace().run_folder(name))
    split = run.split
    if split["cohort"] not in store.workspace().cohort_names():
        st.error(f"Cohort {split['cohort']} is gone; import it again to train on it.")
        return
    state.clone_run(name, split["cohort"], split["split"], split["fold"], "auto")
