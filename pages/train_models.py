"""Train: a new training on the left, the run that is watched on the right."""

from __future__ import annotations

import streamlit as st

from core.errors import RefusedError
from core.jobs.trainings import start_detached
from core.training.run_folder import ACTIVE, RunFolder
from core.training.start import create_run
from pages.parts import state, store
from pages.parts.empty import nothing_yet
from pages.parts.run_list import run_list
from pages.parts.run_panel import watch
from pages.parts.training_checks import checks
from pages.parts.training_form import Wish, training_form


def show() -> None:
    """Draw the page."""
    place = store.workspace()
    runs = place.run_names()[::-1]
    if not place.cohort_names() and not runs:
        nothing_yet()
        return
    watched = state.chosen_run(runs)
    left, right = st.columns([1, 3.1], gap="small")
    with left:
        with st.container(border=True, key="surface-new-training", gap="xsmall"):
            st.subheader("New training", anchor=False)
            wish = _form()
        if watched is not None:
            _list(watched)
    with right:
        if watched is None:
            _no_run_yet(wish)
        else:
            watch(watched)


def _form() -> Wish | None:
    if not store.workspace().cohort_names():
        st.caption("Import a cohort first; runs of cohorts that are gone can still be looked at.")
        return None
    wish = training_form()
    if wish.problem:
        st.error(wish.problem)
    if wish.recipe is not None and wish.plan is not None:
        with st.container(gap=None):
            for fine, sentence in checks(wish.recipe, wish.plan):
                st.markdown(f":small[{':green[✓]' if fine else ':orange[!]'} :gray[{sentence}]]")
    key = f"start {state.starts()}"
    if st.button("Start training", key=key, type="primary", width="stretch", disabled=wish.plan is None):
        _start(wish)
    st.caption("runs on when you close this page", text_alignment="center")
    return wish


def _start(wish: Wish) -> None:
    assert wish.recipe is not None
    assert wish.plan is not None
    place = store.workspace()
    try:
        run = create_run(place, wish.recipe, wish.plan)
        start_detached(place, run.name, wish.device)
    except (RefusedError, OSError) as error:
        st.error(str(error))
        return
    state.choose_run(run.name)
    state.count_start()
    st.rerun()


def _list(watched: str) -> None:
    active = RunFolder(store.workspace().runs / watched).status.state in ACTIVE
    with st.container(border=True, key="surface-runs", gap="xxsmall"):
        st.subheader("Runs", anchor=False)
        run_list(watched, active)


def _no_run_yet(wish: Wish | None) -> None:
    with st.container(border=True, key="surface-no-run"):
        st.subheader("Nothing has been trained yet", anchor=False)
        st.caption("The curves, and what the network sees while it learns, appear here.")
        ready = wish is not None and wish.plan is not None
        key = f"start the first {state.starts()}"
        if st.button("Start the first training", key=key, type="primary", disabled=not ready) and wish is not None:
            _start(wish)


show()
