"""Planar contours to pixels: even-odd, a pixel is in where its centre is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.data import limits
from core.data.formats.gzip_bounded import DamagedFileError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

DECIMALS = 6  # of a pixel: finer differences are rounding, and would decide centres that lie on an edge


def fill(polygons: Sequence[Floats], shape: tuple[int, int]) -> tuple[Integers, Integers]:
    """Return the pixels whose centres lie in an odd number of polygons.

    A centre that lies on an edge belongs to the side of the higher coordinates, so polygons that share an edge
    share no pixel, and a hole is a polygon within another.

    Args:
        polygons: corners (N, 2) of each in pixels, whole numbers at pixel centres; closed by themselves.
        shape: (U, V), how many pixels there are along either coordinate.

    Returns:
        The indices along u and v, each (M,); empty where no centre is in.

    Raises:
        DamagedFileError: the polygons cross more lines of pixels than the limit.

    Reference: Foley et al., "Computer Graphics: Principles and Practice", 1990, 3.6 (scan-line filling by parity).
    """
    corners = np.concatenate(polygons)
    last = np.array(shape) - 1
    low = np.clip(np.floor(corners.min(axis=0)), 0, last).astype(np.intp)
    high = np.clip(np.ceil(corners.max(axis=0)), 0, last).astype(np.intp)
    columns, rows = high - low + 1
    crossings: list[Integers] = []
    for polygon in polygons:
        left = limits.MAX_CONTOUR_CROSSINGS - sum(part.size for part in crossings)
        crossings.append(_crossings(np.round(polygon - low, DECIMALS), columns, rows, left))
    counts = np.bincount(np.concatenate(crossings), minlength=(columns + 1) * rows).reshape(columns + 1, rows)
    inside = np.cumsum(counts, axis=0)[:-1] & 1
    u, v = np.nonzero(inside)
    return u + low[0], v + low[1]


def _crossings(polygon: Floats, columns: int, rows: int, most: int) -> Integers:
    """Return column * rows + row of the first pixel right of each point where an edge crosses a line of centres."""
    begin, end = polygon, np.roll(polygon, -1, axis=0)
    first = np.ceil(np.minimum(begin[:, 1], end[:, 1])).clip(0, rows).astype(np.intp)
    stop = np.ceil(np.maximum(begin[:, 1], end[:, 1])).clip(0, rows).astype(np.intp)
    lengths = stop - first  # an edge along a line of centres crosses none
    total = int(lengths.sum())
    if total > most:
        raise DamagedFileError(f"contours that cross more than {limits.MAX_CONTOUR_CROSSINGS:,} lines of pixels")
    edge = np.repeat(np.arange(len(polygon)), lengths)
    row = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths) + first[edge]
    slope = (end[edge, 0] - begin[edge, 0]) / (end[edge, 1] - begin[edge, 1])
    at = np.round(begin[edge, 0] + (row - begin[edge, 1]) * slope, DECIMALS)
    column: Integers = np.ceil(at).clip(0, columns).astype(np.intp)
    crossed: Integers = column * rows + row
    return crossed
