"""The charts of a run: which of them, other runs drawn over them, and all of them as a picture for a report."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.jobs.trainings import list_runs
from core.training.curves import CurveReader, Curves
from core.training.runs.run_folder import RunFolder
from pages.parts import store
from pages.parts.training.charts import chart
from pages.parts.training.figure import curves_png, curves_svg
from pages.parts.training.lines import MEASURES, MOST_OTHERS, Watched
from pages.parts.training.run_words import run_number, run_title

USUAL = ("Loss", "Dice")
LISTED = 50  # other runs to choose from

Other = tuple[str, str, bool]  # name and title of a run of the same cohort, and whether it is drawn unasked


def curves_of(run: RunFolder) -> Curves:
    """Return what a run has measured up to now."""
    return _reader(str(run.folder), (run.folder / "recipe.yaml").stat().st_mtime_ns).read()


def other_runs(run: RunFolder) -> list[Other]:
    """Return the other runs of a run's cohort, newest first; the best on the same patients is drawn."""
    place, mine = store.workspace(), run.split
    found, best = [], (0.0, "")
    for row in list_runs(place):
        other = RunFolder(place.runs / row["run"])
        cohort, validation = _data(str(other.folder), (other.folder / "recipe.yaml").stat().st_mtime_ns)
        if other.name == run.name or cohort != mine["cohort"] or not row["step"]:
            continue
        found.append((other.name, run_title(row["title"], other.name)))
        if row["best"] is not None and validation == tuple(mine["validation"]):
            best = max(best, (row["best"], other.name))
    return [(name, title, name == best[1]) for name, title in found[:LISTED]]


def show_curves(title: str, watched: Watched, others: list[Other]) -> None:
    """Draw the charts that were chosen, two in a row.

    Args:
        title: of the run.
        watched: its curves.
        others: runs to choose from, to be drawn dashed.
    """
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        shown = st.segmented_control(
            "Charts", list(MEASURES), selection_mode="multi", default=list(USUAL), key="charts",
            label_visibility="collapsed",
        )  # fmt: skip
        st.space("stretch")
        watched = replace(watched, others=_drawn_over(others))
        _download(title, watched)
    names = [name for name in MEASURES if name in (shown or USUAL)]
    for first in range(0, len(names), 2):
        for column, name in zip(st.columns(2, gap="small"), names[first : first + 2], strict=False):
            with column, st.container(border=True, key=f"surface-{name.lower().replace(' ', '-')}", gap="xxsmall"):
                chart(name, watched)


def _drawn_over(others: list[Other]) -> tuple[tuple[str, Curves], ...]:
    if not others:
        return ()
    titles = {name: title for name, title, _ in others}
    picked = st.multiselect(
        "Other runs", list(titles), [name for name, _, drawn in others if drawn], key=f"over {' '.join(titles)}",
        format_func=lambda name: titles.get(name, name), max_selections=MOST_OTHERS, placeholder="Draw other runs too",
        label_visibility="collapsed", width=300,
    )  # fmt: skip
    place = store.workspace()
    there = [RunFolder(place.runs / name) for name in picked]
    return tuple((run_number(run.name), curves_of(run)) for run in there if (run.folder / "recipe.yaml").exists())


def _download(title: str, watched: Watched) -> None:
    with st.popover("Save curves"):
        name = re.sub(r"[^\w.-]+", "-", title).lower()
        for kind, mime, draw in (("SVG", "image/svg+xml", curves_svg), ("PNG", "image/png", curves_png)):
            st.download_button(
                kind,
                lambda draw=draw: draw(title, watched),  # type: ignore[misc]
                f"{name}.{kind.lower()}",
                mime,
                key=f"curves {kind}",
                on_click="ignore",
                width="stretch",
            )


@st.cache_resource(max_entries=64, show_spinner=False)
def _reader(folder: str, created: int) -> CurveReader:
    del created  # a deleted run's name is given again
    return CurveReader(Path(folder) / "metrics.jsonl")


@st.cache_resource(max_entries=1024, show_spinner=False)
def _data(folder: str, created: int) -> tuple[str, tuple[str, ...]]:
    """Return a run's cohort and the cases that validate it."""
    del created
    split = RunFolder(Path(folder)).split
    return split["cohort"], tuple(split["validation"])
