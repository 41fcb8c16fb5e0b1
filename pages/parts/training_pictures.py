"""What a network makes of its two fixed validation slices, from its first validation to now."""

from __future__ import annotations

import io
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
COLUMNS = 8
THEN = 5  # predictions in a row
ENLARGED = 2
GAP = 4
SURFACE = "#0d1014"
TOO_MUCH, MISSED, RIGHT = PALETTE.index("#d55e00"), PALETTE.index("#cc79a7"), PALETTE.index("#999999")


def what_it_sees(folder: Path, region: str) -> None:
    """Draw the fixed slices, their ground truth, predictions up to the chosen validation, and its errors.

    Args:
        folder: the run's.
        region: the first one's name, whose errors are drawn.
    """
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
    pictures += [(f"step {step:,}", _picture(fixed, read_snapshot(folder, step).masks)) for step in shown]
    wrong = errors(read_snapshot(folder, until).masks, fixed.masks)
    pictures.append((f"{region} errors {'now' if until == steps[-1] else 'then'}", _picture(fixed, wrong)))
    with row:
        for column, (title, picture) in zip(st.columns(COLUMNS, gap="xxsmall"), pictures, strict=False):
            column.caption(title)
            column.image(picture, width="stretch", alt=f"{title}: the fixed validation slices")


def spread(steps: Sequence[int], count: int) -> list[int]:
    """Return at most `count` of the steps, evenly spread, the last one always among them."""
    places = {-(-len(steps) * part // count) - 1 for part in range(1, count + 1)}
    return [steps[place] for place in sorted(places)]


def errors(predicted: npt.NDArray[np.uint8], reference: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return what of the first region is right, too much and missed, as bits that are drawn in those colours.

    Args:
        predicted: (N, H, W) uint8 region bits.
        reference: (N, H, W) uint8 region bits.

    Returns:
        (N, H, W) uint8.
    """
    found, true = (predicted & 1).astype(bool), (reference & 1).astype(bool)
    bits = np.zeros_like(predicted)
    bits[found & true] = 1 << RIGHT
    bits[found & ~true] = 1 << TOO_MUCH
    bits[~found & true] = 1 << MISSED
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


def _picture(fixed: FixedSlices, masks: npt.NDArray[np.uint8] | None) -> bytes:
    bits = np.zeros_like(fixed.masks) if masks is None else masks
    return _drawn(fixed.images, bits)


@st.cache_data(max_entries=512, show_spinner=False)
def _drawn(images: npt.NDArray[np.float32], masks: npt.NDArray[np.uint8]) -> bytes:
    """Return the slices below each other as a PNG."""
    from PIL import Image

    drawn = [draw_slice(image, mask) for image, mask in zip(images, masks, strict=True)]
    height, width = drawn[0].shape[:2]
    picture = Image.new("RGB", (width, len(drawn) * (height + GAP) - GAP), SURFACE)
    for number, one in enumerate(drawn):
        picture.paste(Image.fromarray(one), (0, number * (height + GAP)))
    stream = io.BytesIO()
    picture.resize((picture.width * ENLARGED, picture.height * ENLARGED), Image.Resampling.BICUBIC).save(stream, "PNG")
    return stream.getvalue()
