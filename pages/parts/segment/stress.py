"""The slice on screen, made harder: a sequence off, noise, mirrored; and what the model makes of it at once."""

from __future__ import annotations

import base64
from typing import Any

import streamlit as st

from core.jobs.segmentations import SegmentationJob
from core.jobs.slice_questions import answer_to, ask, what_it_waits_for
from pages.parts import state, store
from pages.parts.importing.findings import plain
from pages.parts.segment.checkpoints import checkpoint_of
from pages.parts.volumes import TITLES

EVERY_S = 0.25
AREAS = ("before_cm2", "after_cm2")
NOISE = {"no noise": 0.0, "20 %": 0.2, "50 %": 0.5}


def stress_panel(job: SegmentationJob, view: dict[str, Any]) -> None:
    """Draw what can be done to the slice, and the answer."""
    st.markdown("**Stress this slice**")
    model = checkpoint_of(view["checkpoint"])
    read = view["modalities"] if model is None else model.spec.modalities
    without = st.pills(
        "Without",
        [name for name in view["modalities"] if name in read],
        selection_mode="multi",
        format_func=lambda name: f"no {TITLES.get(name, name)}",
        key=f"without {job.id}",
        label_visibility="collapsed",
    )
    noise = st.segmented_control(
        "Noise", list(NOISE), default="no noise", required=True, key=f"noise {job.id}", label_visibility="collapsed"
    )
    mirror = st.checkbox("mirrored", key=f"mirror {job.id}")
    if not (without or mirror or NOISE[str(noise)]):
        st.caption("Switch a sequence off, add noise or mirror the slice to see what the model makes of it.")
        return
    index = state.rests_on(job.id)
    if index is None:
        index = view["first"]["slice"] if view["first"] else view["shape"][2] // 2
    asked = ask(store.workspace(), job, int(index), list(without), NOISE[str(noise)], mirror)
    _answer(job, asked, "cm²" if view["spacing_mm"] else "pixels")


def _answer(job: SegmentationJob, name: str, unit: str) -> None:
    found = answer_to(job, name)
    if found is None:
        _wait_for(job, name)
    elif "refused" in found:
        st.caption(plain(found["refused"]))
    else:
        for each in found["drawn"]:
            st.image(_address(each), width="stretch")
        together = f", the mean of {found['models']} models" if found.get("models", 1) > 1 else ""
        st.caption(f"Slice {found['slice'] + 1}: as it is above, changed below{together}.")
        st.markdown("  \n".join(_change(name, change, unit) for name, change in found["regions"].items()))


@st.fragment(run_every=EVERY_S)
def _wait_for(job: SegmentationJob, name: str) -> None:
    if answer_to(job, name) is not None:
        st.rerun(scope="app")
    st.caption(plain(what_it_waits_for(store.workspace(), job)))


def _address(drawing: str) -> str:
    """Return a drawing as an image of its own, which needs to say what it is."""
    alone = drawing if "xmlns" in drawing else drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"data:image/svg+xml;base64,{base64.b64encode(alone.encode()).decode()}"


def _change(name: str, change: dict[str, float | None], unit: str) -> str:
    dice = "none in either" if change["dice"] is None else f"Dice {change['dice']:.2f} between them"
    # without voxel sizes an answer counts pixels
    before, after = (f"{change[each]:.1f}" if unit == "cm²" else f"{change[each]:,.0f}" for each in AREAS)
    return f"{plain(name)} {before} → {after} {unit} :gray[{dice}]"
