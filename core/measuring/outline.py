"""The outline of a lesion on a slice: halfway between each voxel inside and its neighbour outside."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float64]

# midpoints of the sides of a square of four voxel centres, from its first one: front, right, back, left
_SIDES = ((0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5))
# which sides the outline joins, by the voxels inside: 1 at (0, 0), 2 at (1, 0), 4 at (1, 1), 8 at (0, 1). Where two
# touch at a corner only, the outline goes around them together
_JOINED: tuple[tuple[tuple[int, int], ...], ...] = (
    (), ((3, 0),), ((0, 1),), ((3, 1),), ((1, 2),), ((0, 1), (2, 3)), ((0, 2),), ((3, 2),),
    ((2, 3),), ((2, 0),), ((3, 0), (1, 2)), ((2, 1),), ((1, 3),), ((1, 0),), ((0, 3),), (),
)  # fmt: skip


def outline_edges(lesion: Mask) -> Points:
    """Return the edges of the outline of a lesion on a slice.

    Args:
        lesion: (U, V) bool; an empty one has no edges.

    Returns:
        (N, 2, 2) float64: two end points in voxels of each edge, row by row of squares with the first axis fastest.

    Reference:
        W. E. Lorensen and H. E. Cline, Marching cubes, SIGGRAPH 1987, in two dimensions.
    """
    inside = np.pad(lesion, 1).astype(np.uint8).T
    kinds = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    rows, columns = np.nonzero(kinds % 15)
    corner = np.stack([columns, rows], axis=1)[:, None, None, :] - 1.0
    edges = (corner + _edges_by_kind()[kinds[rows, columns]]).reshape(-1, 2, 2)
    there: Points = edges[~np.isnan(edges[:, 0, 0])]
    return there


def outermost_points(lesion: Mask) -> Points:
    """Return the points of the outline that lie first and last in a row or column: the hull's corners are among them.

    Args:
        lesion: (U, V) bool, at least one voxel.

    Returns:
        (N, 2) float64 in voxels.
    """
    ends = []
    for axis in (0, 1):
        along = lesion if axis == 0 else lesion.T
        lines = np.flatnonzero(along.any(axis=0))
        first = along[:, lines].argmax(axis=0) - 0.5
        last = along.shape[0] - 0.5 - along[::-1, lines].argmax(axis=0)
        for place in (first, last):
            pair = (place, lines) if axis == 0 else (lines, place)
            ends.append(np.stack(pair, axis=1).astype(np.float64))
    return np.concatenate(ends)


def _edges_by_kind() -> Points:
    """Return the edges of each kind of square, (16, 2, 2, 2) with NaN where a kind has fewer than two."""
    table = np.full((16, 2, 2, 2), np.nan)
    for kind, joined in enumerate(_JOINED):
        for place, sides in enumerate(joined):
            table[kind, place] = [_SIDES[side] for side in sides]
    return table
