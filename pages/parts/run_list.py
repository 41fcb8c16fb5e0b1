"""The runs of the workspace, newest first; one of them is watched."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.jobs.trainings import list_runs
from core.training.run_folder import ACTIVE
from pages.parts import state, store
from pages.parts.run_words import LABELS, run_title, span

EVERY_S = 2.0
SHOWN = 6


@st.fragment(run_every=EVERY_S)
def run_list(watched: str, is_active: bool) -> None:
    """Draw a row per run; a click watches it.

    Args:
        watched: the run that the page shows now.
        is_active: whether it was running when the page was drawn.
    """
    rows = list_runs(store.workspace())
    now = next((row["state"] in ACTIVE for row in rows if row["run"] == watched), None)
    if now is True and not is_active:  # resumed from elsewhere; the panel itself notices an end
        st.rerun(scope="app")
    with st.container(gap=None):
        for row in rows[:SHOWN]:
            _row(row, watched)
    if len(rows) > SHOWN:
        with st.expander(f"{len(rows) - SHOWN} older"), st.container(gap=None):
            for row in rows[SHOWN:]:
                _row(row, watched)


def _row(row: dict[str, Any], watched: str) -> None:
    title, middle, end = st.columns([2.1, 1, 0.9], gap="xsmall", vertical_alignment="center")
    name = run_title(row["title"], row["run"])
    label = f"**{name}**" if row["run"] == watched else name
    if title.button(label, key=f"watch {row['run']}", type="tertiary", wrap=False):
        state.choose_run(row["run"])
        st.rerun(scope="app")
    if row["state"] in ACTIVE:
        middle.progress(row["step"] / row["total_steps"] if row["total_steps"] else 0.0)
        left = span(row["eta_s"]) if row["eta_s"] is not None else "starting"
        end.markdown(f":small[:gray[{left}]]")
        return
    colour = {"done": "green", "failed": "red"}.get(row["state"], "gray")
    middle.markdown(f":small[:{colour}[{LABELS[row['state']]}]]")
    if row["best"] is not None:
        end.markdown(f":small[:gray[Dice {row['best']:.2f}]]")
