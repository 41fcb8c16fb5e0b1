"""The longest diameter of a region on an axial slice, and its longest perpendicular: what the viewer measures too.

A lesion on a slice is what hangs together by sides or corners. Its outline runs halfway between each voxel inside and
its neighbour outside, so that a row of n voxels of 1 mm is n mm long. The longest diameter is the largest distance
between two points of an outline, over all slices and lesions; the perpendicular is the largest extent of that same
outline at exactly 90 degrees to it, on the same slice. Either line may leave a bent lesion between its ends.

Reference: the bidimensional measurement of P. Y. Wen et al., Updated response assessment criteria for high-grade
gliomas (RANO), J. Clin. Oncol. 28, 2010, and RANO 2.0, J. Clin. Oncol. 41, 2023.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.measuring.outline import Mask, Points, outermost_points, outline_edges
from core.volume import Box, Geometry

Voxel = tuple[float, float, float]
Ends = tuple[Voxel, Voxel]
SQUARE = np.ones((3, 3), bool)  # 8 neighbours
HAIR = 1e-9  # lengths that differ by less are equal
MOST_PAIRS = 2_000_000  # of edges and places that are compared at a time


@dataclass(frozen=True, slots=True)
class Diameters:
    """Two lines on one axial slice.

    Attributes:
        slice_index: of the RAS+ volume, from 0.
        longest_ends: voxel indices of both ends, not rounded.
        across_ends: the same of the perpendicular.
        longest: length in mm, in voxels without geometry.
        across: length of the perpendicular.
        in_mm: which of the two.
    """

    slice_index: int
    longest_ends: Ends
    across_ends: Ends
    longest: float
    across: float
    in_mm: bool

    def to_json(self) -> dict[str, Any]:
        unit = "mm" if self.in_mm else "voxels"
        return {
            "slice_index": self.slice_index,
            f"longest_{unit}": self.longest,
            f"across_{unit}": self.across,
            "longest_ends_voxel": [list(end) for end in self.longest_ends],
            "across_ends_voxel": [list(end) for end in self.across_ends],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Millimetres of a step along the two axes of an axial slice, in a square frame of that slice."""

    u: float
    v: tuple[float, float]

    @classmethod
    def of(cls, geometry: Geometry | None) -> Frame:
        """Return the frame of a volume's axial slices; without geometry a voxel is 1 along both axes."""
        if geometry is None:
            return cls(1.0, (0.0, 1.0))
        x, y = geometry.affine[:3, 0], geometry.affine[:3, 1]
        long = float(np.sqrt(x @ x))
        along = float(x @ y) / long
        return cls(long, (along, float(np.sqrt(max(0.0, float(y @ y) - along * along)))))

    def to_mm(self, points: Points) -> Points:
        """Return voxels (..., 2) in mm."""
        a, b = points[..., 0], points[..., 1]
        return np.stack([self.u * a + self.v[0] * b, self.v[1] * b], axis=-1)

    def to_voxels(self, x: float, y: float) -> tuple[float, float]:
        b = y / self.v[1]
        return (x - self.v[0] * b) / self.u, b


def diameters_of(mask: Mask, geometry: Geometry | None, first: tuple[int, int, int] = (0, 0, 0)) -> Diameters | None:
    """Measure a region; None where it is empty.

    Args:
        mask: (X, Y, Z) bool, RAS+.
        geometry: of the volume; without it lengths are in voxels.
        first: where the mask's first voxel lies in the volume.
    """
    box = Box.around(mask)
    if box is None:
        return None
    frame = Frame.of(geometry)
    inside = box.crop(mask)
    best: tuple[float, Points, int, Mask, tuple[int, int]] | None = None
    for z in range(inside.shape[2]):
        for lesion, start in _lesions_on(inside[:, :, z], frame, best[0] if best else 0.0):
            ends, length = farthest(outermost_points(lesion) + start, frame)
            if best is None or length > best[0] + HAIR:
                best = length, ends, z, lesion, start
    assert best is not None
    length, ends, z, lesion, start = best
    across_ends, across = perpendicular(outline_edges(lesion) + np.array(start), ends, frame)
    place = (box.start[0] + first[0], box.start[1] + first[1], box.start[2] + first[2] + z)
    return Diameters(
        slice_index=place[2],
        longest_ends=_in_volume(ends, place),
        across_ends=_in_volume(across_ends, place),
        longest=length,
        across=across,
        in_mm=geometry is not None,
    )


def _lesions_on(inside: Mask, frame: Frame, least: float) -> Iterator[tuple[Mask, tuple[int, int]]]:
    """Yield what hangs together on a slice (U, V), cropped, with its first voxel, if `least` fits its box."""
    from scipy import ndimage

    # the transpose makes the first axis the fastest, which is the order in which the viewer meets them
    parts, count = ndimage.label(inside.T, SQUARE)
    boxes = ndimage.find_objects(parts)
    ends = np.array([[(axis.start, axis.stop) for axis in box] for box in boxes], np.float64).reshape(count, 2, 2)
    size = (ends[..., 1] - ends[..., 0])[:, ::-1]
    diagonals = frame.to_mm(np.stack([size, size * (1, -1)]))
    reach = np.hypot(diagonals[..., 0], diagonals[..., 1]).max(axis=0)
    for index in np.flatnonzero(reach >= least):
        rows, columns = boxes[index]
        yield (parts[rows, columns] == index + 1).T, (columns.start, rows.start)


def farthest(points: Points, frame: Frame) -> tuple[Points, float]:
    """Return the two of the points (N, 2) in voxels that lie farthest apart, (2, 2), and their distance.

    Of pairs that are equally far apart it is the first along the hull.

    Reference: A. M. Andrew, Another efficient algorithm for convex hulls in two dimensions, IPL 9, 1979.
    """
    mm = frame.to_mm(points)
    order = np.lexsort((mm[:, 1], mm[:, 0]))
    corners = [(float(mm[index, 0]), float(mm[index, 1]), int(index)) for index in order]
    chain = np.array([index for _, _, index in (*_half_hull(corners), *_half_hull(corners[::-1]))])
    apart = mm[chain][:, None] - mm[chain][None]
    lengths = np.triu(np.hypot(apart[..., 0], apart[..., 1]))
    first = int(np.flatnonzero(lengths >= lengths.max() - HAIR)[0])
    i, j = divmod(first, len(chain))
    return points[chain[[i, j]]], float(lengths[i, j])


def _half_hull(ordered: list[tuple[float, float, int]]) -> list[tuple[float, float, int]]:
    chain: list[tuple[float, float, int]] = []
    for point in ordered:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: tuple[float, float, int], b: tuple[float, float, int], c: tuple[float, float, int]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def perpendicular(edges: Points, ends: Points, frame: Frame) -> tuple[Points, float]:
    """Return the ends (2, 2) in voxels of the largest extent of an outline at 90 degrees to a line, and its length.

    The extent changes linearly between the corners of an outline, so the largest one is at a corner. Of several it is
    the nearest to the middle of the line.

    Args:
        edges: (N, 2, 2) in voxels, at least one.
        ends: (2, 2) of the line, in voxels.
        frame: of the slice.
    """
    start, stop = frame.to_mm(ends)
    along = (stop - start) / np.hypot(*(stop - start))
    mm = frame.to_mm(edges)
    # corners that lie side by side but for rounding are side by side
    at = np.floor((mm[..., 0] * along[0] + mm[..., 1] * along[1]) * 1e9 + 0.5) / 1e9
    side = mm[..., 1] * along[0] - mm[..., 0] * along[1]
    places, seen = np.unique(at.reshape(-1), return_index=True)
    low, high = _extents(at, side, places)
    middle = float(((start + stop) * 0.5) @ along)
    best, longest = 0, -1.0
    for place in np.lexsort((seen, np.abs(places - middle))):
        if high[place] - low[place] > longest + HAIR:
            best, longest = int(place), float(high[place] - low[place])
    across = [
        frame.to_voxels(
            float(places[best] * along[0] - end * along[1]), float(places[best] * along[1] + end * along[0])
        )
        for end in (low[best], high[best])
    ]
    return np.array(across), longest


def _extents(
    at: npt.NDArray[np.float64], side: npt.NDArray[np.float64], places: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return how far the outline reaches to either side at each place along the line.

    Args:
        at: (N, 2) where the ends of each edge lie along the line.
        side: (N, 2) how far beside it.
        places: (P,) all values of `at`, sorted.
    """
    first, last = (np.searchsorted(places, end) for end in (at.min(axis=1), at.max(axis=1)))
    counts = last - first + 1
    low, high = np.full(len(places), np.inf), np.full(len(places), -np.inf)
    for edges in np.split(np.arange(len(at)), np.flatnonzero(np.diff(counts.cumsum() // MOST_PAIRS)) + 1):
        own = counts[edges]
        edge = edges.repeat(own)
        place = np.arange(own.sum()) - (own.cumsum() - own).repeat(own) + first[edges].repeat(own)
        a, b, one, other = at[edge, 0], at[edge, 1], side[edge, 0], side[edge, 1]
        level = a == b
        share = np.divide(places[place] - a, b - a, out=np.zeros(len(edge)), where=~level)
        crossing = one + (other - one) * share
        np.minimum.at(low, place, np.where(level, np.minimum(one, other), crossing))
        np.maximum.at(high, place, np.where(level, np.maximum(one, other), crossing))
    return low, high


def _in_volume(ends: Points, start: tuple[int, int, int]) -> Ends:
    one, other = ((float(u) + start[0], float(v) + start[1], float(start[2])) for u, v in ends)
    return one, other
