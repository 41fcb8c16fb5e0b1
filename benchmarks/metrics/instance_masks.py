"""Pairs of masks with several instances, made from a seed with nothing but NumPy's integers.

Two programs in two environments make the same ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.uint8]
SHAPES = [(24, 20, 16), (30, 30, 8), (16, 16, 16), (40, 24, 1)]
PAIRS = 60


def random_instances(seed: int) -> tuple[Mask, Mask]:
    """Make a reference of boxes, and a prediction that moves, drops and invents some.

    Args:
        seed: below `PAIRS`; the shape follows from it.

    Returns:
        Prediction and reference, (X, Y, Z) uint8 of 0 and 1, neither empty. Boxes may touch or overlap.
    """
    rng = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    prediction, reference = np.zeros((2, *shape), np.uint8)
    for number in range(int(rng.integers(2, 9))):
        start = rng.integers(0, shape)
        edge = rng.integers(1, np.maximum(np.asarray(shape) // 3, 3))
        reference[_box(start, edge)] = 1
        if number == 0 or rng.integers(4):
            moved = rng.integers(0, 2, 3) * rng.integers(2)
            prediction[_box(np.maximum(start - moved, 0), edge + rng.integers(0, 2, 3) * rng.integers(2))] = 1
    for _ in range(int(rng.integers(0, 4))):
        prediction[_box(rng.integers(0, shape), rng.integers(1, 4, 3))] = 1
    return prediction, reference


def _box(start: npt.NDArray[np.int64], edge: npt.NDArray[np.int64]) -> tuple[slice, ...]:
    return tuple(slice(int(a), int(a + n)) for a, n in zip(start, edge, strict=True))
