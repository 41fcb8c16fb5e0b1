"""What a network makes of its two fixed validation slices, from its first validation to now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.training.snapshots import FixedSlices, read_fixed, read_snapshot, snapshot_steps
from pages.parts.thumbnails import draw_slice
from pages.parts.training_charts import heading
from pages.parts.viewer.spec import PALETTE
from pages.parts.volumes import GROUND_TRUTH, TITLES

NOW = 0  # a place on the slider that stays the newest one while the run goes on
COLUMNS = 6
THEN = 3  # predictions in a row
ENLARGED = 2
GAP = 4
TOO_MUCH, MISSED, RIGHT = PALETTE.index("#d55e00"), PALETTE.index("#cc79a7"), PALETTE.index("#999999")


def what_it_sees(folder: Path) -> None:
    """Draw the fixed slices, their ground truth, predictions up to the chosen validation, and its errors."""
    fixed, steps = read_fixed(folder), snapshot_steps(folder)
    if fixed is None or not steps:
        heading("What it sees now", after="two fixed validation slices, after each validation")
        st.caption("The first picture comes with the first validation.")
        return
    heading("What it sees now", after="two fixed validation slices, after each validation; drag to go back in time")
    row, slider = st.container(), st.container()
    with slider:
        until = _until(folder.name, steps)
    shown = spread(steps[: steps.index(until) + 1], THEN)
    pictures = [(TITLES.get(fixed.modality, fixed.modality) or "Image", _picture(fixed, None))]
    pictures.append((GROUND_TRUTH, _picture(fixed, fixed.masks)))
    for step in shown:
        pictures.append((f"step {step:,}", _picture(fixed, read_snapshot(folder, step).masks)))
    wrong = errors(read_snapshot(folder, until).masks, fixed.masks)
    pictures.append(("errors now" if until == steps[-1] else "errors then", _picture(fixed, wrong)))
    with row:
        for column, (title, picture) in zip(st.columns(COLUMNS, gap="xxsmall"), pictures, strict=False):
            column.caption(title)
            column.image(picture, width="stretch", alt=f"{title}: the fixed validation slices")


def spread(steps: Sequence[int], count: int) -> list[int]:
    """Return at most `count` of the steps, evenly spread, the last one always among them."""
    places = {-(-len(steps) * part // count) - 1 for part in range(1, count + 1)}
    return [steps[place] for place in sorted(places)]


def errors(predicted: npt.NDArray[np.uint8], reference: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return what is right, too much and missed as bits that are drawn in those colours.

    Args:
        predicted: (N, H, W) uint8 region bits.
        reference: (N, H, W) uint8 region bits.

    Returns:
        (N, H, W) uint8. A pixel with some region too much is too much, even where it misses another.
    """
    bits = np.zeros_like(predicted)
    bits[(predicted != 0) & (predicted == reference)] = 1 << RIGHT
    bits[(reference & ~predicted) != 0] = 1 << MISSED
    bits[(predicted & ~reference) != 0] = 1 << TOO_MUCH
    return bits


def _until(run: str, steps: list[int]) -> int:
    if len(steps) == 1:
        return steps[0]
    chosen = st.select_slider(
        "Validation",
        [*steps[:-1], NOW],
        NOW,
        format_func=lambda step: f"step {step:,}" if step != NOW else "now",
        key=f"snapshot of {run}",
        label_visibility="collapsed",
    )
    return steps[-1] if chosen == NOW else chosen


def _picture(fixed: FixedSlices, masks: npt.NDArray[np.uint8] | None) -> npt.NDArray[np.uint8]:
    bits = np.zeros_like(fixed.masks) if masks is None else masks
    return _drawn(fixed.images, bits)


@st.cache_data(max_entries=512, show_spinner=False)
def _drawn(images: npt.NDArray[np.float32], masks: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    from PIL import Image

    drawn = [draw_slice(image, mask) for image, mask in zip(images, masks, strict=True)]
    height, width = drawn[0].shape[:2]
    size = (width * ENLARGED, height * ENLARGED)
    large = [np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)) for picture in drawn]
    gap = np.full((GAP * ENLARGED, size[0], 3), 0x11, np.uint8)
    stacked: list[npt.NDArray[np.uint8]] = [large[0]]
    for picture in large[1:]:
        stacked += [gap, picture]
    return np.concatenate(stacked)
