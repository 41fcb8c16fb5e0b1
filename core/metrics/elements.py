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
from core.metrics.marching import CUBE, SQUARE, Sizes, element_sizes
from core.metrics.surface import Bits, Distances, nearest_distances

SAME_SHARE = 1e-9  # sums in two orders may differ by less


@dataclass(frozen=True, slots=True, eq=False)
class Elements:
    """The surface elements of one region.

    Attributes:
        index: (N,) int64, their places in the flattened lattice of points at which voxels meet.
        shape: of the lattice, one point more than voxels along each axis.
        sizes: (N,) float64, in mm2, or in mm for a single slice.
    """

    index: npt.NDArray[np.int64]
    shape: tuple[int, ...]
    sizes: Sizes

    def points_mm(self, spacing_mm: Sequence[float]) -> npt.NDArray[np.float64]:
        """Return where they lie: (N, d) float64."""
        places = np.unravel_index(self.index, self.shape)
        return np.stack([axis * step for axis, step in zip(places, spacing_mm, strict=True)], axis=1)

    def among(self, lattice: Mask) -> Mask:
        """Return for each element whether the lattice is True at its place: (N,) bool."""
        return lattice.reshape(-1)[self.index]


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
        index = np.flatnonzero(self.surface & np.uint8(1 << bit))
        strides = [step // self._padded.itemsize for step in self._padded.strides]
        first = sum(axis * step for axis, step in zip(np.unravel_index(index, shape), strides, strict=True))
        voxels = self._padded.reshape(-1)
        codes = np.zeros(len(index), np.uint8)
        for number, corner in enumerate(CUBE if len(shape) == 3 else SQUARE):
            inside = voxels[first + sum(c * step for c, step in zip(corner, strides, strict=True))] >> np.uint8(bit)
            codes |= (inside & np.uint8(1)) << np.uint8(number)
        return Elements(index, shape, element_sizes(spacing_mm)[codes])

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


def percentile_mm(
    elements: Elements,
    others: Elements,
    surface: Mask,
    near: Mask,
    percent: float,
    spacing_mm: Sequence[float],
) -> float:
    """Return how far from the nearest of `others` `percent` of the elements' surface lies at most, not interpolated.

    Args:
        elements: where to measure from, at least one.
        others: where to, at least one.
        surface: bool over the lattice, True where one of `others` is.
        near: (N,) bool, which elements are within some tolerance of `others`: those on the percentile's other side of
            it are all nearer or all further, and are not searched for.
        percent: 0 to 100.
        spacing_mm: edge lengths of a voxel.
    """
    share = float(elements.sizes[near].sum() / elements.sizes.sum())
    if abs(share - percent / 100) < SAME_SHARE:
        asked = np.ones(len(near), bool)
    else:
        asked = near if share > percent / 100 else ~near
    strays = asked & ~elements.among(surface)  # an element at the place of another needs no search
    distances = np.where(asked | near, 0.0, np.inf)
    distances[strays] = nearest_distances(elements.points_mm(spacing_mm)[strays], others.points_mm(spacing_mm))
    return weighted_percentile(distances, elements.sizes, percent)


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
