"""Surface elements: where the surface of a mask runs between voxels, how large it is, and how far from another.

An element sits where eight voxels meet (four in a single slice) that are not all in or all out. All regions of a case
are looked at together, as bits; their sizes are read from the codes of their neighbourhoods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

from core.metrics.components import Mask
from core.metrics.marching import CUBE, SQUARE, Corner, Sizes, element_sizes
from core.metrics.surface import Bits, Distances, nearest_distances


@dataclass(frozen=True, slots=True, eq=False)
class Elements:
    """The surface elements of one region.

    Attributes:
        where: (N, d) int64, their places on the lattice of points at which voxels meet.
        sizes: (N,) float64, in mm2, or in mm for a single slice.
    """

    where: npt.NDArray[np.int64]
    sizes: Sizes


@dataclass(frozen=True, eq=False)
class ElementMap:
    """The surface elements of all regions of one mask.

    Attributes:
        regions: (X, Y, Z), or (X, Y) for a single slice, uint8, bit r set where region r is; beyond it there
            is background.
    """

    regions: Bits

    @cached_property
    def surface(self) -> Bits:
        """Where elements are: one point more than voxels along each axis, bit r set for region r."""
        some = every = self._padded
        for axis in range(some.ndim):
            some = _first(some, axis) | _last(some, axis)
            every = _first(every, axis) & _last(every, axis)
        return some & ~every

    def of(self, bit: int, spacing_mm: Sequence[float]) -> Elements:
        """Return the elements of region `bit`; none where it is empty."""
        shape = self.surface.shape
        where = np.flatnonzero(self.surface & np.uint8(1 << bit))
        places = np.stack(np.unravel_index(where, shape), axis=1)
        strides = np.cumprod([1, *self._padded.shape[:0:-1]])[::-1]
        base, voxels = places @ strides, self._padded.reshape(-1)
        codes = np.zeros(len(base), np.uint8)
        for number, corner in enumerate(_corners(len(shape))):
            codes |= (voxels[base + int(np.dot(corner, strides))] >> np.uint8(bit) & np.uint8(1)) << np.uint8(number)
        return Elements(places, element_sizes(spacing_mm)[codes])

    def reach(self, tolerance_mm: float, spacing_mm: Sequence[float]) -> Bits:
        """Return the lattice points from which an element is `tolerance_mm` away or less, bit r set for region r."""
        *across, along = spacing_mm
        run = np.arange(int(tolerance_mm // along) + 2) * along
        stretched: dict[int, Bits] = {}
        reached = np.zeros_like(self.surface)
        for offset in product(*(_steps(tolerance_mm, step) for step in across)):
            squared = sum((count * step) ** 2 for count, step in zip(offset, across, strict=True))
            within = int(np.count_nonzero(np.sqrt(squared + run**2) <= tolerance_mm))
            if within:
                if within not in stretched:
                    stretched[within] = _stretched(self.surface, within - 1)
                _or_shifted(reached, stretched[within], offset)
        return reached

    @cached_property
    def _padded(self) -> Bits:
        return np.pad(self.regions, 1)


def element_distances(elements: Elements, others: Elements, surface: Mask, spacing_mm: Sequence[float]) -> Distances:
    """Return how far each element is from the nearest of `others`, in mm: (N,) float64, in the elements' order.

    Args:
        elements: where to measure from.
        others: where to, at least one.
        surface: bool over the lattice, True where one of `others` is.
        spacing_mm: edge lengths of a voxel.
    """
    strays = ~surface[tuple(elements.where.T)]  # an element at the place of another needs no search
    steps = np.asarray(spacing_mm)
    distances = np.zeros(len(strays))
    distances[strays] = nearest_distances(elements.where[strays] * steps, others.where * steps)
    return distances


def weighted_percentile(distances: Distances, sizes: Sizes, percent: float) -> float:
    """Return the distance up to which `percent` of the surface lies, not interpolated.

    Args:
        distances: (N,) float64, N at least 1.
        sizes: (N,) float64, how much surface is at each distance.
        percent: 0 to 100.
    """
    order = np.lexsort((sizes, distances))
    share = np.cumsum(sizes[order]) / np.sum(sizes)
    index = int(np.searchsorted(share, percent / 100))
    return float(distances[order][min(index, len(order) - 1)])


def _steps(tolerance_mm: float, step_mm: float) -> range:
    furthest = int(tolerance_mm // step_mm) + 1
    return range(-furthest, furthest + 1)


def _corners(dimensions: int) -> tuple[Corner, ...]:
    return CUBE if dimensions == 3 else SQUARE


def _first(bits: Bits, axis: int) -> Bits:
    return bits[(slice(None),) * axis + (slice(None, -1),)]


def _last(bits: Bits, axis: int) -> Bits:
    return bits[(slice(None),) * axis + (slice(1, None),)]


def _stretched(bits: Bits, length: int) -> Bits:
    """Set each bit up to `length` steps either way along the last axis too."""
    out = bits.copy()
    for step in range(1, min(length, bits.shape[-1] - 1) + 1):
        out[..., step:] |= bits[..., :-step]
        out[..., :-step] |= bits[..., step:]
    return out


def _or_shifted(target: Bits, source: Bits, offset: Sequence[int]) -> None:
    """Set in `target` what `source` has `offset` steps away along the leading axes."""
    if all(abs(step) < n for step, n in zip(offset, target.shape, strict=False)):
        here = tuple(slice(max(step, 0), n + min(step, 0)) for step, n in zip(offset, target.shape, strict=False))
        there = tuple(slice(max(-step, 0), n - max(step, 0)) for step, n in zip(offset, target.shape, strict=False))
        target[here] |= source[there]
