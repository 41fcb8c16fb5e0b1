"""A study as the scanner left it, before there is anything to scroll: its series, and what is done to them."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.jobs.ready_case import AS_BEFORE
from core.jobs.segmentations import SegmentationJob, find_segmentation
from core.jobs.study_steps import study_steps
from core.workspace import NotInWorkspaceError
from pages.parts import store
from pages.parts.importing.findings import plain
from pages.parts.segment.sequences import titled

EVERY_S = 0.5
WAITING_FOR = "The picture comes as soon as the files are read."
WHAT_FOLLOWS = "They are aligned, brought onto 1 mm, stripped of the skull, segmented, and the mask carried back."


@st.fragment(run_every=EVERY_S)
def steps_under_way(job_id: str) -> None:
    """Draw each step with its seconds: what is done, what is being done, and what is still to come."""
    if (found := _steps_of(job_id)) and found["steps"]:
        st.markdown("  \n".join(map(_line, found["steps"])))


@st.fragment(run_every=EVERY_S)
def as_the_scanner_left_it(job_id: str) -> None:
    """Draw the series before they are on one grid; a line of words where there is nothing to draw yet."""
    found = _steps_of(job_id)
    if not found or not found["series"]:
        st.caption(WAITING_FOR)
        return
    why = " ".join(finding["found"].rpartition(": ")[2] for finding in found["findings"])
    st.markdown(f"**As the scanner left it** :gray[{plain(why)}]")
    for column, series in zip(st.columns(max(4, len(found["series"]))), found["series"], strict=False):
        with column:
            st.image(base64.b64decode(series["picture"]), width="stretch")
            st.caption(f"**{titled(series['name'])}**  \n{_grid(series)}")
    st.caption(WHAT_FOLLOWS)


def steps_done(job: SegmentationJob) -> None:
    """Draw what was done and how long it took, folded away; nothing where the study was ready as it came."""
    found = study_steps(job)
    if found and (found["series"] or any(step["what"] == AS_BEFORE for step in found["steps"])):
        seconds = sum(step["seconds"] or 0 for step in found["steps"])
        with st.expander(f"{len(found['steps'])} steps in {seconds:.0f} s"):
            st.markdown("  \n".join(map(_line, found["steps"])))


def _steps_of(job_id: str) -> dict[str, Any] | None:
    try:
        return study_steps(find_segmentation(store.workspace(), job_id))
    except NotInWorkspaceError:
        return None


def _line(step: Mapping[str, Any]) -> str:
    words = titled(step["what"])
    words = plain(words[:1].upper() + words[1:])
    if step["state"] == "waiting":
        return f":gray[○ {words}]"
    if step["state"] == "done":
        return f":green[✓] {words} :gray[{step['seconds']:.1f} s]"
    return f":blue[▸] **{words}** :gray[{max(0.0, time.time() - step['began']):.0f} s]"


def _grid(series: Mapping[str, Any]) -> str:
    size = "×".join(map(str, series["shape"]))
    spacing = series["spacing_mm"]
    return f"{size} · {' × '.join(f'{each:.3g}' for each in spacing)} mm" if spacing else size
