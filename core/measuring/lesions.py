"""The lesions of a region: what hangs together in three dimensions, largest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.measuring.outline import Mask
from core.volume import Box

Neighbours = Literal[6, 18, 26]
# how many of a voxel's three coordinates may differ by one
_STEPS: Mapping[Neighbours, int] = {6: 1, 18: 2, 26: 3}


@dataclass(frozen=True, slots=True)
class Part:
    """One lesion.

    Attributes:
        voxels: how many it has.
        centre: its mean voxel index (x, y, z), not rounded.
    """

    voxels: int
    centre: tuple[float, float, float]


def parts_of(mask: Mask, neighbours: Neighbours = 26, first: tuple[int, int, int] = (0, 0, 0)) -> list[Part]:
    """Return what hangs together in a mask (X, Y, Z) bool, the largest first; an empty mask has no parts.

    Args:
        mask: of one region.
        neighbours: voxels that touch: 26 by faces, edges and corners, 18 by faces and edges, 6 by faces.
        first: where the mask's first voxel lies in the volume.

    Reference: A. Rosenfeld and J. L. Pfaltz, Sequential operations in digital picture processing, J. ACM 13, 1966.
    """
    from scipy import ndimage

    box = Box.around(mask)
    if box is None:
        return []
    inside = box.crop(mask)
    labels, count = ndimage.label(inside, ndimage.generate_binary_structure(3, _STEPS[neighbours]))
    if count == 1:  # nothing to sort out, which in a whole CT saves most of the time
        return [_whole(inside, np.add(box.start, first))]
    voxels, sums = np.zeros(count + 1), np.zeros((count + 1, 3))
    for x, plane in enumerate(labels):  # plane by plane, so that a large volume needs no arrays of coordinates
        for axis, weights in enumerate(_coordinates(x, plane.shape)):
            sums[:, axis] += np.bincount(plane.reshape(-1), weights.reshape(-1), count + 1)
        voxels += np.bincount(plane.reshape(-1), minlength=count + 1)
    centres = sums[1:] / voxels[1:, None] + np.add(box.start, first)
    order = np.argsort(-voxels[1:], kind="stable")
    return [Part(int(voxels[1 + index]), _triple(centres[index])) for index in order]


def _whole(mask: Mask, first: npt.NDArray[np.int_]) -> Part:
    along = [mask.sum(axis=tuple(other for other in range(3) if other != axis)) for axis in range(3)]
    voxels = int(along[0].sum())
    centre = [float(counts @ np.arange(len(counts))) / voxels for counts in along]
    return Part(voxels, _triple(np.array(centre) + first))


def _coordinates(x: int, shape: tuple[int, ...]) -> Iterator[npt.NDArray[np.float64]]:
    yield np.full(shape, float(x))
    yield np.broadcast_to(np.arange(shape[0], dtype=np.float64)[:, None], shape)
    yield np.broadcast_to(np.arange(shape[1], dtype=np.float64), shape)


def _triple(values: Any) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
