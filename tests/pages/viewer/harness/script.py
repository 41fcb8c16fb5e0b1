"""The page that the viewer's browser tests look at: `?case=`, `?page=`, and a count of its own runs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.data.slabs import ViewerArray
from core.data.volume_cache import VolumeCache
from pages.parts.surfaces import following, surfaces_below
from pages.parts.viewer import (
    Panel,
    Probabilities,
    RegionStyle,
    SavedDoubts,
    ViewerView,
    VolumeRef,
    slice_viewer,
    volume_ref,
    warm_viewer,
)
from tests.pages.viewer.harness.film import show_film
from tests.pages.viewer.harness.volumes import CASES, DOUBT_AT, LARGE_FROM_BYTES, WINDOW, second_image

st.set_page_config(layout="wide")
warm_viewer()
workspace = Path(os.environ["SEGSCOPE_WORKSPACE"])
# "large" stands for a CT that no browser holds: the limit is lowered instead of a gigabyte being made
cache = VolumeCache(workspace / "volumes", whole_bytes=LARGE_FROM_BYTES)
query = st.query_params
name = query.get("case", "cube")
layout = query.get("page", "compare")
# a test changes what is shown without a new address
name = st.session_state.setdefault("case", name)
case = CASES[name]

st.session_state.runs = st.session_state.get("runs", 0) + 1
st.html(f"<span id='runs'>{st.session_state.runs}</span>")
if "film" in query:
    show_film(workspace)
    st.stop()


def ref(key: str) -> VolumeRef:
    found = volume_ref(key, workspace)
    return VolumeRef(found.hash, "1.expired") if "expired" in query else found


# a scanner's numbers: stored 400 is worth 2 * 400 - 1024
scale = (2.0, -1024.0) if "hounsfield" in query else (1.0, 0.0)
images = {
    "A": ref(cache.put(ViewerArray(case.image, case.affine, *scale))),
    "B": ref(cache.put(ViewerArray(second_image(case), case.affine, *scale))),
}
if "hounsfield" in query:
    images = {name: replace(image, kind="ct") for name, image in images.items()}
masks = {title: ref(cache.put(ViewerArray(mask, case.affine))) for title, mask in case.masks.items()}
for number in range(2, 1 + int(query.get("models", "1"))):
    masks[f"Model {number} with a long name"] = masks["Model"]
probabilities = {
    title: Probabilities(
        tuple(ref(cache.put(ViewerArray(said.box.paste(q, said.shape), case.affine))) for q in said.probabilities),
        said.thresholds,
        "its mask is cleaned up after the threshold" if title in query.get("cleaned", "").split(",") else "",
    )
    for title, said in case.probabilities.items()
}
uncertainty = {
    title: SavedDoubts(
        *(
            tuple(
                ref(cache.put(ViewerArray(said.box.paste(of_region, said.shape), case.affine)))
                for of_region in said.uncertainty.maps[number]
            )
            for number in range(2)
        ),
        between=f"{said.uncertainty.count} members",
    )
    for title, said in case.probabilities.items()
    if said.uncertainty
}
regions = [
    RegionStyle("WT", "whole tumour", "#56b4e9", "#6666ff"),
    RegionStyle("TC", "tumour core", "#e69f00", "#b36600"),
]
panels = [Panel("Original", "{image}")]
if case.probabilities:
    truth = "Ground truth" if "Ground truth" in masks else None
    panels += [Panel("Ground truth", mask=truth)] if truth else []
    panels += [Panel(each, mask=each, scores=(("WT", "0.500"),) if truth else ()) for each in case.probabilities]
    panels.append(Panel("Errors", "{region}", mask="Model", error_against=truth, map=True))
elif masks:
    panels += [
        Panel("Ground truth", mask="Ground truth"),
        Panel("Model", "tiny", mask="Model", scores=(("WT", "0.800"), ("TC", "1.000"))),
        *(Panel(each, mask=each) for each in masks if each not in {"Ground truth", "Model"}),
        Panel("Errors", "{region}", mask="Model", error_against="Ground truth"),
    ]
if layout == "planes":
    panels = [Panel("{plane}", plane=plane) for plane in ("axial", "coronal", "sagittal")]
if layout == "study":
    panels = [
        *(
            Panel(plane.capitalize(), "{image}", mask="Model", plane=plane)
            for plane in ("axial", "coronal", "sagittal")
        ),
        Panel("Axial", "B", image="B", mask="Model", plane="axial"),
    ]

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
    probabilities=probabilities,
    uncertainty=uncertainty,
    panels=panels,
    regions=regions,
    windows={"A": WINDOW, "B": WINDOW},
    initial=ViewerView(slice=DOUBT_AT[2] if case.probabilities else 5) if name not in {"flat", "tall"} else None,
    autoplay=layout == "play",
    flicker=layout == "play",
    tools="tools" in query,
    tools_open=query.get("tools") != "closed",
    layout=query.get("called", "Compare"),
    address={"case": name},
    on_view_change=(lambda: None) if reporting else following("harness"),
    key="viewer",
)
if "surfaces" in query:
    surfaces_below(images, masks, regions, view, key="harness")
if reporting:
    st.html(f"<span id='view'>{view.plane} {view.slice} {view.image}</span>")
