"""The runs of the workspace, newest first; one of them is watched."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.jobs.trainings import advance, list_runs
from core.training.runs.run_folder import ACTIVE
from pages.parts import state, store
from pages.parts.training.run_words import LABELS, place_words, run_title, span

EVERY_S = 2.0
ROWS = 6  # before the list scrolls in itself
ROW_PX = 31


def run_list(watched: str) -> None:
    """Draw a row per run; a click watches it. While something runs or waits, again every two seconds.

    Args:
        watched: the run that the page shows now.
    """
    rows = list_runs(store.workspace())
    active = any(row["state"] in ACTIVE for row in rows)
    is_active = next((row["state"] in ACTIVE for row in rows if row["run"] == watched), False)
    st.fragment(_rows, run_every=EVERY_S if active else None)(watched, is_active)


def _rows(watched: str, was_active: bool) -> None:
    advance(store.workspace())
    rows = list_runs(store.workspace())
    now = next((row["state"] in ACTIVE for row in rows if row["run"] == watched), None)
    if now is True and not was_active:  # resumed from elsewhere; the panel itself notices an end
        st.rerun(scope="app")
    with st.container(gap=None, height=ROWS * ROW_PX if len(rows) > ROWS else "content", border=False):
        for row in rows:
            _row(row, watched)


def _row(row: dict[str, Any], watched: str) -> None:
    widths = [2.1, 1, 0.9] if row["position"] is None else [2.1, 0.3, 1.6]
    title, middle, end = st.columns(widths, gap="xsmall", vertical_alignment="center")
    name = run_title(row["title"], row["run"])
    label = f"**{name}**" if row["run"] == watched else name
    if title.button(label, key=f"watch {row['run']}", type="tertiary", wrap=False):
        state.choose_run(row["run"])
        st.rerun(scope="app")
    if row["position"] is not None:
        end.markdown(f":small[:gray[{place_words(row['position'])}]]")
        return
    if row["state"] in ACTIVE:
        middle.progress(min(1.0, row["step"] / row["total_steps"]) if row["total_steps"] else 0.0)
        left = span(row["eta_s"]) if row["eta_s"] is not None else "starting"
        end.markdown(f":small[:gray[{left}]]")
        return
    colour = {"done": "green", "failed": "red"}.get(row["state"], "gray")
    middle.markdown(f":small[:{colour}[{LABELS[row['state']]}]]")
    if row["best"] is not None:
        end.markdown(f":small[:gray[Dice {row['best']:.2f}]]")
