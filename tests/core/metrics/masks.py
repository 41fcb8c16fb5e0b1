"""Small masks for the tests of metrics."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.metrics.pair import RegionPair, compare_regions
from core.volume import Geometry

Bits = npt.NDArray[np.uint8]
Voxel = tuple[int, int, int]


def voxels(*where: Voxel, shape: Voxel = (5, 5, 5)) -> Bits:
    """A mask of one region that holds these voxels."""
    mask = np.zeros(shape, np.uint8)
    for voxel in where:
        mask[voxel] = 1
    return mask


def geometry(*spacing_mm: float) -> Geometry:
    return Geometry(np.diag([*spacing_mm, 1.0]))


def pair(prediction: Bits, reference: Bits, where: Geometry | None = None) -> RegionPair:
    return compare_regions(prediction, reference, 1, where)[0]
