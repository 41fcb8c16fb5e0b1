"""The lines around a mask enclose exactly its voxels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Page
from scipy import ndimage

from core.service.modules import modules_version
from pages.parts.viewer.component import FOLDER

Trace = Callable[[npt.NDArray[np.uint8]], list[list[float]]]


@pytest.fixture
def trace(harness: str, page: Page) -> Trace:
    """The browser's own function, on a page that holds nothing else."""
    folder = f"{harness}/viewer/{modules_version(Path(FOLDER))}"
    page.goto(f"{folder}/main.js")

    def run(mask: npt.NDArray[np.uint8]) -> list[list[float]]:
        height, width = mask.shape
        script = """async ([url, bytes, width, height]) =>
          (await import(url)).trace(Uint8Array.from(bytes), width, height, 2)"""
        values = (mask.astype(int) << 2).ravel().tolist()
        loops: Any = page.evaluate(script, [f"{folder}/drawing/contour.js", values, width, height])
        return [list(map(float, loop)) for loop in loops]

    return run


def signed_area(loop: list[float]) -> float:
    """Positive where the mask lies inside (clockwise on a screen whose y runs down), negative around a hole."""
    x, y = np.array(loop[0::2]), np.array(loop[1::2])
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def test_one_voxel_is_a_square(trace: Trace) -> None:
    mask = np.zeros((3, 4), np.uint8)
    mask[1, 2] = 1
    (loop,) = trace(mask)
    assert {(loop[i], loop[i + 1]) for i in range(0, 8, 2)} == {(2, 1), (3, 1), (3, 2), (2, 2)}


def test_a_ring_has_an_outer_and_an_inner_line(trace: Trace) -> None:
    mask = np.ones((3, 3), np.uint8)
    mask[1, 1] = 0
    assert sorted(signed_area(loop) for loop in trace(mask)) == [-1, 9]


def test_voxels_that_touch_at_a_corner_stay_apart(trace: Trace) -> None:
    assert [signed_area(loop) for loop in trace(np.eye(2, dtype=np.uint8))] == [1, 1]


def test_an_empty_mask_has_no_line(trace: Trace) -> None:
    assert trace(np.zeros((3, 3), np.uint8)) == []


def test_random_masks_are_enclosed_to_the_voxel(trace: Trace) -> None:
    """Area, patches and holes agree with scipy's on masks of every density."""
    draw = np.random.default_rng(5)
    for density in (0.1, 0.3, 0.5, 0.7, 0.9):
        mask = (draw.random((17, 23)) < density).astype(np.uint8)
        areas = [signed_area(loop) for loop in trace(mask)]
        patches = ndimage.label(mask)[1]
        # what is not mask joins across corners; outside is one of them
        holes = ndimage.label(np.pad(1 - mask, 1, constant_values=1), np.ones((3, 3)))[1] - 1
        assert sum(areas) == mask.sum()
        assert sum(area > 0 for area in areas) == patches
        assert sum(area < 0 for area in areas) == holes
