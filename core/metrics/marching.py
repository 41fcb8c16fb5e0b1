"""The surface elements of marching cubes and squares: how much surface runs between neighbouring voxels.

The centres of 2 x 2 x 2 neighbouring voxels are the corners of a cube. Where some of them are in the mask, the
surface cuts the cube's edges half-way between a voxel inside and one outside; on each face of the cube the cuts
are joined by lines, the lines close to loops, and each loop is filled with triangles. Two choices are left, made so
that the areas are those of the surface-distance package, which the tests check for all 256 cases:

- on a face whose corners are in and out by turns, the corners of the rarer kind in the whole cube are cut off
  (the inside ones where both are as many);
- of all ways to fill a loop with triangles, the one with the largest area on a cube of edge 1 is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from math import hypot

import numpy as np
import numpy.typing as npt

Corner = tuple[int, ...]
Point = tuple[float, ...]
Loop = tuple[Point, ...]
Triangle = tuple[Point, Point, Point]
Sizes = npt.NDArray[np.float64]

# bit n of a code stands for corner n: the last axis runs fastest
SQUARE: tuple[Corner, ...] = tuple(product((0, 1), repeat=2))
CUBE: tuple[Corner, ...] = tuple(product((0, 1), repeat=3))


def element_sizes(spacing_mm: Sequence[float]) -> Sizes:
    """Return how much surface each neighbourhood code holds.

    Args:
        spacing_mm: edge lengths of a voxel: three for a volume, two for a single slice.

    Returns:
        (256,) areas in mm2 for a volume, (16,) lengths in mm for a slice, float64. The codes 0 and 255 (15), all
        outside and all inside, hold none.

    Reference:
        W. E. Lorensen and H. E. Cline, Marching cubes: a high resolution 3D surface construction algorithm,
        SIGGRAPH 1987; the sizes as tabulated by S. Nikolov et al., Clinically applicable segmentation of head and
        neck anatomy for radiotherapy, J. Med. Internet Res. 23, 2021.
    """
    x, y, *rest = (float(step) for step in spacing_mm)
    if not rest:
        return np.asarray(np.linalg.norm(_segment_vectors() * (x, y), axis=2).sum(axis=1))
    z = rest[0]
    # a triangle's normal, as long as its area, grows along an axis with the two other spacings
    return np.asarray(np.linalg.norm(_triangle_normals() * (y * z, x * z, x * y), axis=2).sum(axis=1))


@cache
def _segment_vectors() -> npt.NDArray[np.float64]:
    """Return the segments of every code of a square of edge 1: (16, 2, 2), zeros where there is none."""
    vectors = np.zeros((16, 2, 2))
    for code in range(16):
        inside = _rarer(SQUARE, code)
        for number, (start, end) in enumerate(_segments(SQUARE, inside)):
            vectors[code, number] = np.subtract(end, start)
    return vectors


@cache
def _triangle_normals() -> npt.NDArray[np.float64]:
    """Return the normals of every code's triangles, as long as their areas: (256, 4, 3), zeros where there is none."""
    normals = np.zeros((256, 4, 3))
    for code in range(256):
        number = 0
        for loop in _loops(_rarer(CUBE, code)):
            for triangle in _largest_filling(loop):
                normals[code, number] = _normal(triangle)
                number += 1
    return normals


def _rarer(corners: Sequence[Corner], code: int) -> frozenset[Corner]:
    inside = frozenset(corner for bit, corner in enumerate(corners) if code >> bit & 1)
    return inside if 2 * len(inside) <= len(corners) else frozenset(corners) - inside


def _loops(inside: frozenset[Corner]) -> list[Loop]:
    """Join the lines on the six faces of a cube to closed loops of points."""
    neighbours: dict[Point, list[Point]] = {}
    for axis, side in product(range(3), (0, 1)):
        face = [corner for corner in CUBE if corner[axis] == side]
        for start, end in _segments(face, inside):
            neighbours.setdefault(start, []).append(end)
            neighbours.setdefault(end, []).append(start)
    loops = []
    while neighbours:
        point: Point | None = next(iter(neighbours))
        loop = []
        while point is not None:
            loop.append(point)
            point = next((other for other in neighbours.pop(point) if other in neighbours), None)
        loops.append(tuple(loop))
    return loops


def _segments(face: Sequence[Corner], inside: frozenset[Corner]) -> list[tuple[Point, Point]]:
    """Return the lines on a square face between the half-way points of its cut edges."""
    ring = [face[0], face[1], face[3], face[2]]
    cuts = [
        _halfway(corner, following)
        for corner, following in zip(ring, [*ring[1:], ring[0]], strict=True)
        if (corner in inside) != (following in inside)
    ]
    if len(cuts) == 2:
        return [(cuts[0], cuts[1])]
    if len(cuts) == 4:  # in and out by turns: each line cuts one inside corner off
        first = 0 if ring[1] in inside else 1
        return [(cuts[first], cuts[first + 1]), (cuts[first + 2], cuts[(first + 3) % 4])]
    return []


def _halfway(one: Corner, other: Corner) -> Point:
    return tuple((a + b) / 2 for a, b in zip(one, other, strict=True))


def _largest_filling(loop: Loop) -> list[Triangle]:
    return max(_fillings(loop), key=lambda triangles: sum(hypot(*_normal(triangle)) for triangle in triangles))


def _fillings(loop: Loop) -> Iterator[list[Triangle]]:
    """Go through all ways to fill a loop with triangles between its own points."""
    if len(loop) < 3:
        yield []
        return
    for middle in range(1, len(loop) - 1):
        triangle = (loop[0], loop[middle], loop[-1])
        for left, right in product(_fillings(loop[: middle + 1]), _fillings(loop[middle:])):
            yield [*left, triangle, *right]


def _normal(triangle: Triangle) -> Point:
    """Return half the cross product of two sides: as long as the triangle's area."""
    a, *others = triangle
    (x, y, z), (u, v, w) = ([end - start for start, end in zip(a, other, strict=True)] for other in others)
    return ((y * w - z * v) / 2, (z * u - x * w) / 2, (x * v - y * u) / 2)
