"""The page that the viewer's browser tests look at: `?case=`, `?layout=`, and a count of its own runs."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from core.data.slabs import ViewerArray
from core.data.volume_cache import VolumeCache
from pages.parts.viewer import Panel, RegionStyle, ViewerView, VolumeRef, slice_viewer, volume_ref
from tests.pages.viewer.harness.volumes import CASES, LARGE_FROM_BYTES, WINDOW, second_image

st.set_page_config(layout="wide")
workspace = Path(os.environ["SEGSCOPE_WORKSPACE"])
# "large" stands for a CT that no browser holds: the limit is lowered instead of a gigabyte being made
cache = VolumeCache(workspace / "volumes", whole_bytes=LARGE_FROM_BYTES)
query = st.query_params
name = query.get("case", "cube")
layout = query.get("layout", "compare")
# a test changes what is shown without a new address
name = st.session_state.setdefault("case", name)
case = CASES[name]

st.session_state.runs = st.session_state.get("runs", 0) + 1
st.html(f"<span id='runs'>{st.session_state.runs}</span>")


def ref(key: str) -> VolumeRef:
    found = volume_ref(key, workspace)
    return VolumeRef(found.hash, "1.expired") if "expired" in query else found


images = {
    "A": ref(cache.put(ViewerArray(case.image, case.affine))),
    "B": ref(cache.put(ViewerArray(second_image(case), case.affine))),
}
masks = {title: ref(cache.put(ViewerArray(mask, case.affine))) for title, mask in case.masks.items()}
regions = [RegionStyle("WT", "whole tumour", "#56b4e9"), RegionStyle("TC", "tumour core", "#e69f00")]
panels = [Panel("Original", "{image}")]
if masks:
    panels += [
        Panel("Ground truth", mask="Ground truth"),
        Panel("Model", "tiny", mask="Model", scores=(("WT", "0.800"), ("TC", "1.000"))),
        Panel("Errors", "{region}", mask="Model", error_against="Ground truth"),
    ]
if layout == "planes":
    panels = [Panel("{plane}", plane=plane) for plane in ("axial", "coronal", "sagittal")]

if st.button("run again"):
    pass
if st.button("another case"):
    st.session_state.case = "tall" if name != "tall" else "cube"
    st.rerun()

reporting = "report" in query
view = slice_viewer(
    case_title=f"Case {name}",
    images=images,
    masks=masks,
    panels=panels,
    regions=regions,
    windows={"A": WINDOW, "B": WINDOW},
    initial=ViewerView(slice=5) if name not in {"flat", "tall"} else None,
    autoplay=layout == "play",
    flicker=layout == "play",
    address={"case": name},
    on_view_change=(lambda: None) if reporting else None,
    key="viewer",
)
if reporting:
    st.html(f"<span id='view'>{view.plane} {view.slice} {view.image}</span>")
