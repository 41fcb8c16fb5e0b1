"""A mask's slice as closed contours along the edges of its pixels, holes reached through channels of no width.

No contour runs through the centre of a pixel. Whoever fills the contours by centres therefore gets the mask back to
the last pixel, by parity and by winding number alike: a channel is walked once in and once out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Point = tuple[int, int]

# steps along the edges: right, up, left, down, where u runs right and v runs up
STEPS: tuple[Point, ...] = ((1, 0), (0, 1), (-1, 0), (0, -1))


def contours_of(mask: Mask) -> list[Floats]:
    """Return a contour for each part of a mask that hangs together by the sides of its pixels.

    Args:
        mask: (U, V).

    Returns:
        Corners (N, 2) of each contour in pixels, all at halves; counter-clockwise where u runs right and v up, closed
        by themselves. A part's holes are in its contour. Of an empty mask, none.

    Reference: DICOM PS3.3, C.8.8.6.3 (an inner contour is joined to its outer one by a channel, the keyhole).
    """
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    found = []
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        part = np.pad(labels[box] == number, 1)
        corners = np.array(_joined(part), np.float64)
        # corner (u, v) of the padded part is the lower left one of its pixel (u, v)
        found.append(corners - 1.5 + [side.start for side in box])
    return found


def _joined(part: Mask) -> list[Point]:
    """Return the corners of a part's contour, its holes joined to it; the part touches no border."""
    loops = _loops(part)
    (outline,) = (loop for loop in loops if _area(loop) > 0)
    holes = [loop for loop in loops if _area(loop) < 0]
    # a channel runs left from a hole's lowest, leftmost corner and so meets the outline, or a hole that came before
    for hole in sorted(holes, key=_lowest):
        start = _lowest(hole)[::-1]
        meets = _left_of((start[0], start[1]), part)
        at, begin = outline.index(meets), hole.index((start[0], start[1]))
        around = [*hole[begin:], *hole[: begin + 1]]
        outline = [*outline[: at + 1], *around, *outline[at:]]
    return _corners(outline)


def _lowest(loop: list[Point]) -> Point:
    """Return (v, u) of a loop's lowest corner, of several the leftmost."""
    return min((v, u) for u, v in loop)


def _left_of(corner: Point, part: Mask) -> Point:
    """Return where a line to the left from a corner first meets an edge of the part."""
    u, v = corner
    u -= 1
    while part[u - 1, v - 1] and part[u - 1, v]:
        u -= 1
    return u, v


def _loops(part: Mask) -> list[list[Point]]:
    """Return the loops of a part's edges, the part on their left, each as all lattice points that it passes.

    Where two pixels touch by a corner alone a loop turns left, and so stays with its pixel.
    """
    edges = _edges(part)
    left, loops = dict(edges), []
    while left:
        begin = next(iter(left))
        (u, v, step), loop = begin, []
        while (u, v, step) in left:
            del left[u, v, step]
            loop.append((u, v))
            u, v = u + STEPS[step][0], v + STEPS[step][1]
            step = next(way for turn in (1, 0, 3) if (u, v, way := (step + turn) % 4) in edges)
        loops.append(loop)
    return loops


def _edges(part: Mask) -> dict[tuple[int, int, int], None]:
    """Return the edges of a part, ordered, as the lattice point where each begins and its step."""
    inside = part[1:-1, 1:-1]
    # for each step: the pixel beyond the edge, and where the edge begins, from the pixel's lower left corner
    beyond = (part[1:-1, :-2], part[2:, 1:-1], part[1:-1, 2:], part[:-2, 1:-1])
    begins = ((0, 0), (1, 0), (1, 1), (0, 1))
    found: dict[tuple[int, int, int], None] = {}
    for step, (other, (du, dv)) in enumerate(zip(beyond, begins, strict=True)):
        for u, v in np.argwhere(inside & ~other).tolist():
            found[u + 1 + du, v + 1 + dv, step] = None
    return found


def _area(loop: list[Point]) -> float:
    """Return twice the area of a loop, positive where it runs counter-clockwise."""
    points: npt.NDArray[Any] = np.array(loop)
    u, v = points.T
    return float((u * np.roll(v, -1) - np.roll(u, -1) * v).sum())


def _corners(outline: list[Point]) -> list[Point]:
    """Return the points at which a contour turns, also those at which it turns back."""
    before, after = [outline[-1], *outline[:-1]], [*outline[1:], outline[0]]
    found = []
    for (a, b), (u, v), (c, d) in zip(before, outline, after, strict=True):
        if (_sign(u - a), _sign(v - b)) != (_sign(c - u), _sign(d - v)):
            found.append((u, v))
    return found


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
