"""A prediction on the common grid, carried back to the grid of a series as the scanner left it.

Probabilities are averaged over each of the series's voxels and decided there, by the same thresholds. Slices of 5 mm
hold five voxels of the common grid: the nearest one's label would stand for all of them, and a mask would gain or lose
a rim by where the slices happen to lie. The average keeps volumes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.data.formats.grid import grid_from_affine
from core.harmonise.resample import Affine, resample
from core.volume import Grid

MOST_PARTS = 8  # of a voxel along one axis
BLOCK_SLICES = 16  # of the series's last axis that are sampled at a time


def carried_back(
    probabilities: Sequence[npt.NDArray[np.uint8]], common: Grid, transform: Affine, series: Grid
) -> npt.NDArray[np.uint8]:
    """Average probabilities over the voxels of a series.

    Args:
        probabilities: of each region or class, (X, Y, Z) uint8 on the whole common grid.
        common: the grid they lie on, in RAS+ order.
        transform: (4, 4), mm on the common grid to mm in the series's file.
        series: the grid of the series's file.

    Returns:
        (R, I, J, K) uint8 in the file's own axes, rounded to the nearest; 0 outside the common grid.
    """
    assert common.affine is not None
    assert series.affine is not None
    back = np.linalg.inv(transform)
    parts = _parts(series, common)
    out = np.empty((len(probabilities), *series.shape), np.uint8)
    for region, values in enumerate(probabilities):
        for first in range(0, series.shape[2], BLOCK_SLICES):
            last = min(first + BLOCK_SLICES, series.shape[2])
            fine = _divided(series, first, last, parts)
            found = resample(values.astype(np.float32), common.affine, fine, back)
            i, j, k = parts
            blocks = found.reshape(series.shape[0], i, series.shape[1], j, last - first, k)
            out[region, :, :, first:last] = np.floor(blocks.mean(axis=(1, 3, 5)) + 0.5)
    return out


def _parts(series: Grid, common: Grid) -> tuple[int, int, int]:
    """Return into how many parts a voxel of a series is divided along each axis: as wide as the common grid's."""
    assert common.affine is not None
    assert series.affine is not None
    width_mm = float(np.linalg.norm(common.affine[:3, :3], axis=0).min())
    sides_mm = np.linalg.norm(series.affine[:3, :3], axis=0)
    i, j, k = (int(np.clip(round(float(side) / width_mm), 1, MOST_PARTS)) for side in sides_mm)
    return i, j, k


def _divided(grid: Grid, first: int, last: int, parts: tuple[int, int, int]) -> Grid:
    """Return the grid of the parts of some slices' voxels."""
    assert grid.affine is not None
    i, j, _ = grid.shape
    divided = np.array(parts, np.float64)
    affine = grid.affine.copy()
    affine[:3, :3] /= divided
    # the middle of the first part of the first voxel
    start = np.array([0.0, 0.0, first]) - 0.5 + 0.5 / divided
    affine[:3, 3] = grid.affine[:3, :3] @ start + grid.affine[:3, 3]
    return grid_from_affine((i * parts[0], j * parts[1], (last - first) * parts[2]), affine)
