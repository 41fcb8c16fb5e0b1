"""The run that is watched: how far it is, its curves, and what its network sees."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import RefusedError
from core.jobs.trainings import delete_run, list_runs, start_detached
from core.recipe import Recipe
from core.training.curves import CurveReader, ValidationPoint, in_words
from core.training.run_folder import ACTIVE, RunFolder, Status
from core.workspace import NotInWorkspaceError
from pages.parts import store
from pages.parts.run_words import progress_words, run_number, run_title
from pages.parts.training_charts import dice_chart, loss_chart
from pages.parts.training_pictures import what_it_sees
from pages.parts.viewer import RegionStyle, region_styles
from pages.parts.viewer.spec import PALETTE

EVERY_S = 1.0
LOG_LINES = 30
TOTAL_BEFORE_START = 100  # the axis of a run that has not counted its steps yet

Rival = tuple[str, tuple[ValidationPoint, ...]]  # another run's name and what it measured


def watch(name: str) -> None:
    """Draw a run; while it is running, again every second without a run of the whole page."""
    try:
        run = _run(name)
        active = run.status.state in ACTIVE
    except (NotInWorkspaceError, FileNotFoundError):
        st.caption("This run was deleted a moment ago.")
        return
    st.fragment(_panel, run_every=EVERY_S if active else None)(name, active, _rival(run))


def _panel(name: str, was_active: bool, rival: Rival | None) -> None:
    try:
        run = _run(name)
        status = run.status
    except (NotInWorkspaceError, FileNotFoundError):  # deleted from elsewhere
        st.rerun(scope="app")
    if (status.state in ACTIVE) != was_active:
        st.rerun(scope="app")
    _header(run, status)
    if status.state == "failed":
        _failure(run, status)
    curves = _reader(str(run.folder), (run.folder / "recipe.yaml").stat().st_mtime_ns).read()
    if status.state not in ACTIVE and not curves.steps.size:
        return
    total = status.total_steps or TOTAL_BEFORE_START
    regions = list(curves.validations[-1].dice) if curves.validations else _regions(run)
    loss, dice = st.columns(2, gap="small")
    with loss, st.container(border=True, key="surface-loss", gap="xxsmall"):
        loss_chart(curves, total)
    with dice, st.container(border=True, key="surface-dice", gap="xxsmall"):
        dice_chart(curves.validations, regions, total, rival)
    with st.container(border=True, key="surface-pictures", gap="xsmall"):
        styles, geometry = _drawn_as(run, regions)
        what_it_sees(run.folder, styles, geometry)
        if curves.validations:
            st.caption(in_words(curves.validations))


def _header(run: RunFolder, status: Status) -> None:
    with st.container(border=True, key="surface-run"):
        words, bar, buttons = st.columns([2.6, 2.2, 1.1], gap="medium", vertical_alignment="center")
        recipe = _recipe(str(run.folder), (run.folder / "recipe.yaml").stat().st_mtime_ns)
        with words.container(gap=None):
            st.markdown(f"**{run_title(recipe.title or recipe.name, run.name)}**")
            st.caption(progress_words(status, recipe.train.batch_size))
        bar.progress(min(1.0, status.step / status.total_steps) if status.total_steps else 0.0)
        with buttons.container(horizontal=True, horizontal_alignment="right", gap="small"):
            _asking_buttons(run) if status.state in ACTIVE else _resting_buttons(run, status)


def _asking_buttons(run: RunFolder) -> None:
    asked = run.requested
    if asked:
        st.caption("pausing after this step" if asked == "pause" else "stopping after this step")
        return
    # a callback, because a fragment that is part of a whole run may not rerun itself
    pause = "Checkpoint and end; it goes on from there when you resume it."
    st.button("Pause", key="pause", help=pause, on_click=run.request, args=("pause",))
    stop = "Checkpoint and end. What it has learned stays."
    st.button("Stop", key="stop", help=stop, on_click=run.request, args=("stop",))


def _resting_buttons(run: RunFolder, status: Status) -> None:
    if status.state != "done" and st.button("Resume", key="resume", type="primary"):
        try:
            start_detached(store.workspace(), run.name, "auto")
        except RefusedError as error:
            st.error(str(error))
        else:
            st.rerun(scope="app")
    with st.popover("Delete"):
        st.caption(f"Deletes {run.name}, its curves and its checkpoints. This cannot be undone.")
        if st.button("Delete for good", key="delete"):
            try:
                delete_run(store.workspace(), run.name)
            except (RefusedError, OSError) as error:
                st.error(str(error))
            else:
                st.rerun(scope="app")


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


def _rival(run: RunFolder) -> Rival | None:
    """Return the best other run that was validated on the same patients, and what it measured."""
    place = store.workspace()
    same = run.split["validation"]
    for row in sorted(list_runs(place), key=lambda row: -(row["best"] or 0.0)):
        other = RunFolder(place.runs / row["run"])
        if row["best"] is not None and other.name != run.name and other.split["validation"] == same:
            curves = _reader(str(other.folder), (other.folder / "recipe.yaml").stat().st_mtime_ns).read()
            return f"run {run_number(other.name)}", curves.validations
    return None


@st.cache_resource(max_entries=64, show_spinner=False)
def _recipe(folder: str, changed: int) -> Recipe:
    del changed
    return RunFolder(Path(folder)).recipe


@st.cache_resource(max_entries=64, show_spinner=False)
def _reader(folder: str, created: int) -> CurveReader:
    del created  # a deleted run's name is given again
    return CurveReader(Path(folder) / "metrics.jsonl")
