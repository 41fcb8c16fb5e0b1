"""How far apart two aligned series still are at the ventricles, in mm.

The ventricles lie deep in the brain and are seen in every sequence: dark on T1, T1c and FLAIR, bright on T2. For each
series a map of fluid is made, 0 in tissue and 1 in fluid; the shift of one map that fits the other best, around the
ventricles, is how badly the two series are aligned there.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from core.harmonise.head import Mask, solid_piece
from core.volume import Array, Box

BRIGHT_FLUID = ("t2w",)
DEEP_MM = 22.0  # from the surface of the brain: no sulci, no fluid around the brain
FLUID_PERCENTILE = 98.0  # of what is deep in the brain, so that tissue is its median and fluid its end
VENTRICLE = 0.6  # fluid in a voxel from which it belongs to the ventricles
MARGIN_MM, REACH_MM = 6, 5

Map = npt.NDArray[np.float64]


def fluid_map(values: Array, deep: Mask, bright: bool) -> Map:
    """Return how much of each voxel is fluid, (X, Y, Z) float64 in 0-1.

    Args:
        values: (X, Y, Z) of one series, voxels of 1 mm.
        deep: where the brain is deep.
        bright: whether fluid is bright in that sequence.
    """
    inside = values[deep]
    tissue = float(np.median(inside))
    fluid = float(np.percentile(inside, FLUID_PERCENTILE if bright else 100 - FLUID_PERCENTILE))
    return np.clip((values.astype(np.float64) - tissue) / (fluid - tissue), 0, 1)


def deep_part(brain: Mask) -> Mask:
    """Return the part of the brain (X, Y, Z) that is deep, voxels of 1 mm."""
    return np.asarray(distance_transform_edt(brain) > DEEP_MM)


def ventricle_box(fluid: Map, deep: Mask) -> Box:
    """Return the box around the ventricles with a margin, inside which maps are compared."""
    ventricles, _ = solid_piece((fluid > VENTRICLE) & deep)
    box = Box.around(ventricles)
    if box is None:
        raise ValueError("found no fluid deep in the brain, expected ventricles; look at the series")
    start = tuple(max(a - MARGIN_MM, REACH_MM) for a in box.start)
    stop = tuple(min(b + MARGIN_MM, n - REACH_MM) for b, n in zip(box.stop, fluid.shape, strict=True))
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def shift_mm(fixed: Map, moving: Map, box: Box) -> Map:
    """Return the shift of `moving` that fits `fixed` best in a box: 3 numbers in mm, parts of a voxel included.

    The correlation is computed at every whole shift up to 5 mm along each axis; a parabola through the best one and
    its neighbours gives the rest.

    Args:
        fixed: (X, Y, Z), voxels of 1 mm.
        moving: on the same grid.
        box: at least 5 voxels away from the grid's border.
    """
    sides = 2 * REACH_MM + 1
    still = _standardised(box.crop(fixed))
    correlation = np.empty((sides, sides, sides))
    for place in product(range(sides), repeat=3):
        x, y, z = (
            slice(a + p - REACH_MM, b + p - REACH_MM) for a, b, p in zip(box.start, box.stop, place, strict=True)
        )
        correlation[place] = (still * _standardised(moving[x, y, z])).mean()
    best = np.array(np.unravel_index(int(correlation.argmax()), correlation.shape))
    return best - REACH_MM + [_peak(correlation, best, axis) for axis in range(3)]


def _peak(correlation: Map, best: npt.NDArray[np.intp], axis: int) -> float:
    """Return where between the neighbours of the best shift along one axis the parabola through them peaks."""
    if not 0 < best[axis] < 2 * REACH_MM:
        return 0.0
    step = np.eye(3, dtype=int)[axis]
    before, here, after = (float(correlation[tuple(best + by * step)]) for by in (-1, 0, 1))
    return (before - after) / (2 * (before - 2 * here + after))


def _standardised(values: Map) -> Map:
    centred = values - values.mean()
    return np.asarray(centred / (float(centred.std()) or 1.0))
