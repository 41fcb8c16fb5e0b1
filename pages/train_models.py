"""Train: a new training on the left, the run that is watched on the right."""

from __future__ import annotations

import streamlit as st

from core.errors import RefusedError
from core.jobs.trainings import enqueue
from core.training.start import create_run
from pages.parts import state, store
from pages.parts.empty import nothing_yet
from pages.parts.training.augmentation_look import augmentation_look
from pages.parts.training.checks import show_checks
from pages.parts.training.form import Wish, training_form
from pages.parts.training.run_list import run_list
from pages.parts.training.run_panel import watch
from pages.parts.training.slices import show_slices

FORM_PX = 350


def show() -> None:
    """Draw the page."""
    place = store.workspace()
    runs = place.run_names()[::-1]
    if not place.cohort_names() and not runs:
        nothing_yet()
        return
    watched = state.chosen_run(runs)
    sides = st.container(horizontal=True, wrap=False, gap="small")
    with sides.container(width=FORM_PX):
        with st.container(border=True, key="surface-new-training", gap="xxsmall"):
            st.subheader("New training", anchor=False)
            wish, ready = _form()
        if watched is not None:
            with st.container(border=True, key="surface-runs", gap="xxsmall"):
                st.subheader("Runs", anchor=False)
                run_list(watched)
    with sides.container():
        if state.looks() and wish is not None:
            _look(wish)
        if watched is None:
            _no_run_yet(wish, ready)
        else:
            watch(watched)


def _form() -> tuple[Wish | None, bool]:
    """Draw the form; return what it asks for, and whether that may start."""
    if not store.workspace().cohort_names():
        st.caption("Import a cohort first; runs of cohorts that are gone can still be looked at.")
        return None, False
    wish = training_form()
    for problem in wish.problems:
        st.error(problem)
    ready = False
    if wish.recipe is not None and wish.plan is not None:
        ready = show_checks(wish.recipe, wish.plan, wish.device)
    key = f"start {state.starts()}"
    if st.button("Start training", key=key, type="primary", width="stretch", disabled=not ready):
        _start(wish)
    st.caption("runs on when you close this page", text_alignment="center")
    return wish, ready


def _start(wish: Wish) -> None:
    assert wish.recipe is not None
    assert wish.plan is not None
    place = store.workspace()
    try:
        run = create_run(place, wish.recipe, wish.plan)
        enqueue(place, run.name, wish.device)
    except (RefusedError, OSError) as error:
        st.error(str(error))
        return
    state.choose_run(run.name)
    state.count_start()
    st.rerun()


def _look(wish: Wish) -> None:
    """Draw what the network will be shown: training slices, and one of them varied."""
    if wish.recipe is None or wish.plan is None:
        return
    with st.container(border=True, key="surface-look"):
        st.subheader("What it will be shown", anchor=False)
        show_slices(wish.recipe, wish.plan)
        augmentation_look(wish.recipe, wish.plan.cohort, wish.plan.fold)


def _no_run_yet(wish: Wish | None, ready: bool) -> None:
    with st.container(border=True, key="surface-no-run"):
        st.subheader("Nothing has been trained yet", anchor=False)
        if not state.looks() and wish is not None and wish.recipe is not None and wish.plan is not None:
            show_slices(wish.recipe, wish.plan)
        st.caption("The curves, and what the network sees while it learns, appear here.")
        key = f"start the first {state.starts()}"
        if st.button("Start the first training", key=key, type="primary", disabled=not ready) and wish is not None:
            _start(wish)


show()
