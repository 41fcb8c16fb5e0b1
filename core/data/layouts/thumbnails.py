"""Pictures that look the same, whatever they are called: copies, compressed again, turned or mirrored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.data import limits
from core.volume import Array

Thumbnail = npt.NDArray[np.float32]

SIDE = 32  # of a thumbnail, in pixels
LEAST_FOREGROUND = 0.05  # share of a thumbnail that is not background; emptier ones all look alike
# of zero-mean thumbnails of norm 1, over the eight ways to turn one; among 2-D sets of seven kinds, slices of two
# patients reached 0.962, and a slice compressed again stayed above 0.99
ALIKE = 0.97
ROWS_AT_ONCE = 512


def thumbnail(grey: Array) -> Thumbnail | None:
    """Shrink a picture (row, column) to 32 x 32 of zero mean and norm 1; None where next to nothing is on it."""
    from PIL import Image

    small = np.asarray(Image.fromarray(grey.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BOX))
    low, high = float(small.min()), float(small.max())
    if not np.isfinite([low, high]).all() or (small > low + 0.05 * (high - low)).mean() < LEAST_FOREGROUND:
        return None
    centred = small - small.mean()
    return np.asarray(centred / np.linalg.norm(centred), np.float32)


def look_alikes(thumbnails: Sequence[Thumbnail | None]) -> list[tuple[int, int]]:
    """Return the pairs of pictures that look the same, turned or mirrored too, among the first 10,000.

    Args:
        thumbnails: of `thumbnail`; None is alike to nothing.
    """
    known = [index for index, small in enumerate(thumbnails) if small is not None][: limits.MAX_LOOK_ALIKES]
    if len(known) < 2:
        return []
    stack = np.stack([small for index in known if (small := thumbnails[index]) is not None])
    flat = stack.reshape(len(known), -1)
    turned = [np.rot90(base, turn, (1, 2)) for base in (stack, stack.swapaxes(1, 2)) for turn in range(4)]
    variants = [np.ascontiguousarray(variant).reshape(len(known), -1) for variant in turned]
    pairs = []
    for start in range(0, len(known), ROWS_AT_ONCE):
        rows = flat[start : start + ROWS_AT_ONCE]
        alike = np.zeros((len(rows), len(known)), np.bool_)
        for variant in variants:
            alike |= rows @ variant.T >= ALIKE
        first, second = np.nonzero(alike)
        pairs += [(known[start + i], known[j]) for i, j in zip(first.tolist(), second.tolist(), strict=True)]
    return [(first, second) for first, second in pairs if first < second]
