"""What a network makes of its fixed validation slices: one picture per validation, scrolled like a film."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.data.slabs import ViewerArray
from core.data.volume_cache import VolumeCache
from core.training.runs.snapshots import FixedSlices, read_fixed, read_snapshot, snapshot_steps
from pages.parts import store
from pages.parts.training.charts import heading
from pages.parts.viewer import Panel, RegionStyle, Stops, ViewerView, VolumeRef, slice_viewer, volume_ref
from pages.parts.volumes import GROUND_TRUTH, TITLES

# Of a long run, evenly spread: each of them is a whole picture in the browser.
MOST_STOPS = 60
HEIGHT = 240
# Between the two slices, in voxels.
GAP = 6
WHITE = 255
PREDICTION = "Prediction"


def what_it_sees(folder: Path, regions: Sequence[RegionStyle], geometry: bool) -> None:
    """Draw the fixed slices with their ground truth, the prediction and its errors after each validation.

    Args:
        folder: the run's.
        regions: in bit order of the masks.
        geometry: whether the slices lie as in a patient, or as they were stored.
    """
    steps = spread(snapshot_steps(folder), MOST_STOPS)
    path = folder / "snapshots" / "fixed.npz"
    if not steps or not path.exists():
        heading("What it sees now", after="two fixed validation slices, after each validation")
        st.caption("The first picture comes with the first validation.")
        return
    heading("What it sees now", after="two fixed validation slices, after each validation; scroll to go back in time")
    changed = path.stat().st_mtime_ns  # a deleted run's name is given again
    fixed = _fixed(str(folder), changed)
    title = TITLES.get(fixed.modality, fixed.modality) or "Image"
    count = len(steps)
    key = f"film {folder} {changed} {geometry}"
    image = _ref(
        lambda: _still(np.rint(fixed.images * WHITE).astype(np.uint8), geometry, count), f"{key} {count} image"
    )
    reference = _ref(lambda: _still(fixed.masks, geometry, count), f"{key} {count} reference")
    slice_viewer(
        case_title=f"Fixed validation slices of {folder.name}",
        images={title: image},
        masks={GROUND_TRUTH: reference, PREDICTION: _ref(lambda: _moving(folder, steps, geometry), f"{key} {steps}")},
        panels=[
            Panel(GROUND_TRUTH, "{image}", mask=GROUND_TRUTH, plane="axial"),
            Panel(PREDICTION, mask=PREDICTION, plane="axial"),
            Panel("Errors", "{region}", mask=PREDICTION, error_against=GROUND_TRUTH, plane="axial"),
        ],
        regions=regions,
        reference=GROUND_TRUTH,
        windows={title: (0, WHITE)},
        initial=ViewerView(slice=count - 1),
        controls=False,
        crosshair=False,
        height=HEIGHT,
        columns=3,
        stops=Stops("validation", tuple(f"step {step:,}" for step in steps)),
        subject=f"{folder.name} {changed}",
        key=f"film of {folder.name}",
    )


def spread(steps: Sequence[int], count: int) -> list[int]:
    """Return at most `count` of the steps, evenly spread, the first and the last one always among them."""
    if len(steps) <= count:
        return list(steps)
    return [steps[round(part * (len(steps) - 1) / (count - 1))] for part in range(count)]


def beside(slices: npt.NDArray[np.uint8], geometry: bool) -> npt.NDArray[np.uint8]:
    """Lay slices beside each other as one picture, as the viewer draws what has no geometry: columns and rows.

    Args:
        slices: (N, H, W); with geometry RAS+, so that the patient's right comes to the left and the front up.
        geometry: whether they lie as in a patient.

    Returns:
        (columns, rows) of the same dtype, zeros between.
    """
    turned = slices[:, ::-1, ::-1] if geometry else slices
    count, width, height = turned.shape
    picture = np.zeros((count * (width + GAP) - GAP, height), slices.dtype)
    for number, one in enumerate(turned):
        picture[number * (width + GAP) : number * (width + GAP) + width] = one
    return picture


def _still(slices: npt.NDArray[np.uint8], geometry: bool, count: int) -> ViewerArray:
    """Return slices that are the same after each validation, which is the third axis."""
    return ViewerArray(np.repeat(beside(slices, geometry)[:, :, None], count, axis=2))


def _moving(folder: Path, steps: Sequence[int], geometry: bool) -> ViewerArray:
    return ViewerArray(np.stack([beside(read_snapshot(folder, step).masks, geometry) for step in steps], axis=2))


def _ref(make: Callable[[], ViewerArray], key: str) -> VolumeRef:
    place = store.workspace()
    return volume_ref(VolumeCache(place.volumes).ensure(make, key), place.root)


@st.cache_resource(max_entries=64, show_spinner=False)
def _fixed(folder: str, changed: int) -> FixedSlices:
    del changed  # what the cache goes by
    fixed = read_fixed(Path(folder))
    assert fixed is not None
    return fixed
