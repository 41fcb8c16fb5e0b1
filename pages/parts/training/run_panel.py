"""The run that is watched: how far it is, its curves, and what its network sees."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from core.jobs.machine import UseMeter
from core.jobs.trainings import list_runs
from core.recipe import Recipe
from core.training.curve_words import in_words
from core.training.curves import Curves
from core.training.runs.run_folder import ACTIVE, RunFolder, Status
from core.workspace import NotInWorkspaceError
from pages.parts import store
from pages.parts.training.lines import Watched
from pages.parts.training.pictures import what_it_sees
from pages.parts.training.run_buttons import run_buttons
from pages.parts.training.run_curves import Other, curves_of, other_runs, show_curves
from pages.parts.training.run_words import progress_words, run_title, use_words
from pages.parts.viewer import RegionStyle, region_styles
from pages.parts.viewer.spec import PALETTE

EVERY_S = 1.0
LOG_LINES = 30
TOTAL_BEFORE_START = 100  # the axis of a run that has not counted its steps yet


def watch(name: str) -> None:
    """Draw a run; while it is running, again every second without a run of the whole page."""
    try:
        run = _run(name)
        active = run.status.state in ACTIVE
        others = other_runs(run)
    except (NotInWorkspaceError, FileNotFoundError):
        st.caption("This run was deleted a moment ago.")
        return
    st.fragment(_panel, run_every=EVERY_S if active else None)(name, active, others)


def _panel(name: str, was_active: bool, others: list[Other]) -> None:
    try:
        run = _run(name)
        status = run.status
    except (NotInWorkspaceError, FileNotFoundError):  # deleted from elsewhere
        st.rerun(scope="app")
    if (status.state in ACTIVE) != was_active:
        st.rerun(scope="app")
    recipe = _recipe(str(run.folder), (run.folder / "recipe.yaml").stat().st_mtime_ns)
    _header(run, status, recipe)
    if status.state == "failed":
        _failure(run, status)
    elif status.message:
        st.caption(status.message)
    curves = curves_of(run)
    if status.state not in ACTIVE and not curves.steps.size:
        return
    regions = list(curves.validations[-1].dice) if curves.validations else _regions(run)
    total = status.total_steps or TOTAL_BEFORE_START
    show_curves(run_title(recipe.title or recipe.name, name), Watched(curves, tuple(regions), total), others)
    with st.container(border=True, key="surface-pictures", gap="xsmall"):
        styles, geometry = _drawn_as(run, regions)
        what_it_sees(run.folder, styles, geometry)
        _words(curves, status)


def _words(curves: Curves, status: Status) -> None:
    if curves.validations:
        st.caption(in_words(curves, status.steps_per_epoch, is_over=status.state == "done"))
    for note in curves.notes:
        st.caption(f"Step {note.step:,}: {note.sentence or note.what}")


def _header(run: RunFolder, status: Status, recipe: Recipe) -> None:
    with st.container(border=True, key="surface-run"):
        words, bar, buttons = st.columns([3.4, 1.3, 1.5], gap="medium", vertical_alignment="center")
        with words.container(gap=None):
            st.markdown(f"**{run_title(recipe.title or recipe.name, run.name)}**")
            said = progress_words(status, recipe.train.batch_size, _position(run, status), time.time())
            st.caption(said)
            if status.state == "running" and (used := use_words(_meter(status.pid, str(status.pid_started)).look())):
                st.caption(used)
        bar.progress(min(1.0, status.step / status.total_steps) if status.total_steps else 0.0)
        with buttons.container(horizontal=True, horizontal_alignment="right", gap="small"):
            run_buttons(run, status)


def _position(run: RunFolder, status: Status) -> int | None:
    if status.state != "queued":
        return None
    return next((row["position"] for row in list_runs(store.workspace()) if row["run"] == run.name), None)


def _failure(run: RunFolder, status: Status) -> None:
    st.error(status.message or "The run failed and left no message.")
    if "model.encoder_weights" in status.message:  # core speaks of the command line
        st.caption("Here: choose another start under Pretraining, or write the file's path into it, and start again.")
    if output := run.output().strip():
        with st.expander("What it wrote last"):
            st.code("\n".join(output.splitlines()[-LOG_LINES:]), language=None)


def _run(name: str) -> RunFolder:
    return RunFolder(store.workspace().run_folder(name))


def _regions(run: RunFolder) -> list[str]:
    try:
        return list(store.cohort(run.split["cohort"]).scheme.region_names)
    except (NotInWorkspaceError, FileNotFoundError):
        return []


def _drawn_as(run: RunFolder, regions: list[str]) -> tuple[list[RegionStyle], bool]:
    """Return how the fixed slices' regions look, and whether they lie as in a patient, a guess without the cohort."""
    try:
        cohort = store.cohort(run.split["cohort"])
    except (NotInWorkspaceError, FileNotFoundError):
        return [RegionStyle(name, name, colour) for name, colour in zip(regions, PALETTE, strict=False)], True
    return region_styles(cohort.scheme), next(iter(cohort.cases.values())).geometry is not None


@st.cache_resource(max_entries=64, show_spinner=False)
def _recipe(folder: str, changed: int) -> Recipe:
    del changed
    return RunFolder(Path(folder)).recipe


@st.cache_resource(max_entries=16, show_spinner=False)
def _meter(pid: int, born: str) -> UseMeter:
    del born  # a number that is given again is another process
    return UseMeter(pid)
