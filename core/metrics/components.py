"""Connected components, and how much the pieces of one mask share with those of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.metrics.surface import Bits

Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]
# touching by a face, an edge or a corner: 26 neighbours in a volume, 8 in a slice
NEIGHBOURHOOD = np.ones((3, 3, 3), bool)


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """Pairs of a predicted and a referred piece that have voxels in common.

    Attributes:
        prediction: (N,) int64, the predicted piece of each pair, from 1.
        reference: (N,) int64, the referred piece of each pair, from 1.
        voxels: (N,) int64, how many they share, at least 1.
    """

    prediction: Counts
    reference: Counts
    voxels: Counts


def label_components(mask: Mask) -> tuple[Labels, int]:
    """Number the 26-connected components of `mask` (X, Y, Z) from 1; 0 is background.

    Returns:
        The numbers, (X, Y, Z) int32, and how many there are; an empty mask has none.

    Reference:
        A. Rosenfeld and J. L. Pfaltz, Sequential operations in digital picture processing, J. ACM 13, 1966.
    """
    from scipy.ndimage import label

    labels, count = label(mask, NEIGHBOURHOOD)
    return np.asarray(labels, np.int32), int(count)


def shared_voxels(prediction: npt.NDArray[np.integer], reference: npt.NDArray[np.integer]) -> Shared:
    """Count the voxels that every two pieces share.

    Args:
        prediction: integers of one shape, 0 where there is no piece.
        reference: integers of the same shape.
    """
    both = (prediction > 0) & (reference > 0)
    referred = reference[both].astype(np.int64)
    span = int(prediction.max(initial=0)) + 1
    pairs, voxels = np.unique(referred * span + prediction[both], return_counts=True)
    return Shared(pairs % span, pairs // span, voxels)


def grow(regions: Bits, steps: int) -> Bits:
    """Let every region grow by its 18 neighbours, those that share a face or an edge, `steps` times.

    Args:
        regions: (X, Y, Z) uint8, bit r set where region r is.
        steps: how often.

    Reference:
        P. Soille, Morphological Image Analysis, 2nd ed., 2004: dilation.
    """
    for _ in range(steps):
        # the 18 neighbours are three flat squares of 3 x 3 through the voxel
        x, y = _along(regions, 0), _along(regions, 1)
        regions = _along(x, 1) | _along(x, 2) | _along(y, 2)
    return regions


def _along(regions: Bits, axis: int) -> Bits:
    out = regions.copy()
    grown, around = np.moveaxis(out, axis, 0), np.moveaxis(regions, axis, 0)
    grown[1:] |= around[:-1]
    grown[:-1] |= around[1:]
    return out


def sizes_of(labels: npt.NDArray[np.integer], count: int) -> Counts:
    """Return the voxels of the pieces 1 to `count`: (count + 1,) int64, the background's first."""
    return np.bincount(labels.reshape(-1), minlength=count + 1).astype(np.int64)


def box_of(slices: Sequence[tuple[slice, ...]]) -> tuple[slice, ...]:
    """Return the smallest box around several, at least one."""
    return tuple(slice(min(s.start for s in axis), max(s.stop for s in axis)) for axis in zip(*slices, strict=True))
