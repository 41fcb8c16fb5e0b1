"""What a slice looks like, however it was shifted, scaled, resaved or made noisy: a small picture of its inside.

The head is found, centred and brought to one size; then what is brighter and what is darker than its surroundings is
kept, inside the head alone. The outline, which all heads share, and the brightness say nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.volume import Array

Look = npt.NDArray[np.int8]  # (SIDE, SIDE)

SIDE = 32
LEAST_FOREGROUND = 0.05  # share of the slice; emptier ones all look alike
LEAST_PIXELS = 256  # of foreground: there is no more in a look
GRID = 2 * SIDE
SPAN = 2.1  # half the grid, in root mean square distances from the head's centre: a disc ends at 1.41
SURROUNDINGS = 3.0  # sd of the Gaussian that says what is around, in pixels of the grid
DIM = 0.03  # of the case's bright end: what is darker does not tell how bright the slice is
FAINT, CLEAR = 0.10, 0.26  # of the slice's mean brightness: below is background, above is head, between is in between
LEAST_CONTRAST = 0.01  # root mean square, of the mean: a flat disc has 0.004 from its rim, real slices 0.015 and more
TOO_BRIGHT = 3.0  # of the mean: a vessel or a metal edge counts no more than this


def look_of(values: npt.NDArray[np.float32], low: float, high: float) -> Look | None:
    """Make the look of one channel of a slice.

    Args:
        values: (H, W) float32, 0 where there is no head.
        low: 0.5th percentile of the case's channel.
        high: 99.5th percentile of it.

    Returns:
        (32, 32) int8 that is compared by correlation without a mean, or None where less than 5 % is foreground or
        nothing stands out in it.
    """
    import cv2

    floor = low if low < -0.05 * high else 0.0  # of a CT air; of a sequence that was centred its dark end
    picture = np.where(values != 0, np.maximum(values - np.float32(floor), 0), 0).astype(np.float32)
    smooth = cv2.blur(picture, (3, 3))
    bright = smooth[smooth > DIM * (high - floor)]
    if bright.size < LEAST_PIXELS:
        return None
    mean = np.float32(bright.mean())
    picture = np.minimum(picture / mean, np.float32(TOO_BRIGHT))
    head = np.clip((smooth / mean - FAINT) / (CLEAR - FAINT), 0, 1).astype(np.float32)
    if head.sum() < max(LEAST_PIXELS, LEAST_FOREGROUND * head.size):
        return None
    return _quantised(_standing_out(*_centred(picture, head)))


def _centred(picture: Array, head: Array) -> tuple[Array, Array]:
    """Bring a slice and the weight of its head onto the grid, the head's centre in the middle, its size always one."""
    import cv2

    rows, columns = head.sum(axis=1, dtype=np.float64), head.sum(axis=0, dtype=np.float64)
    mass = rows.sum()
    down, across = np.arange(rows.size), np.arange(columns.size)
    y, x = rows @ down / mass, columns @ across / mass
    extent = np.sqrt((rows @ (down - y) ** 2 + columns @ (across - x) ** 2) / mass)
    step = 2 * SPAN * extent / GRID
    if step > 1:  # pixels are left out: smooth, so that none decides
        picture = cv2.GaussianBlur(picture, (0, 0), 0.5 * step)
    middle = step * (GRID - 1) / 2
    matrix = np.array([[step, 0, x - middle], [0, step, y - middle]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved, weight = (cv2.warpAffine(image, matrix, (GRID, GRID), flags=how) for image in (picture, head))
    # the rim changes most when a slice moves by a part of a pixel
    return moved, cv2.erode(weight, np.ones((3, 3), np.uint8))


def _standing_out(picture: Array, head: Array) -> Array:
    import cv2

    weight = np.maximum(cv2.GaussianBlur(head, (0, 0), SURROUNDINGS), 0.01)
    around = cv2.GaussianBlur(picture * head, (0, 0), SURROUNDINGS) / weight
    return np.asarray(cv2.resize(head * (picture - around), (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def _quantised(look: Array) -> Look | None:
    if float((look * look).mean()) < LEAST_CONTRAST**2:
        return None
    return np.rint(look * (127 / float(np.abs(look).max()))).astype(np.int8)
