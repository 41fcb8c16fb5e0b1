"""A prediction that is shown while it is made: which slices come next, and who is given those that are done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Stream:
    """Somebody who looks at a prediction while it is made.

    Attributes:
        nearest: asked before each batch for the slice that is looked at, by its number on the full grid.
        take: given the numbers of a batch's slices on the full grid, and their probabilities (S, R, H, W) uint8
            inside the box, as they will stand in the prediction.
    """

    nearest: Callable[[], int]
    take: Callable[[list[int], Bytes], None]


def mean_bytes(total: npt.NDArray[np.unsignedinteger], count: int) -> Bytes:
    """Return the mean of bytes that were added up over `count` opinions, as `mean_prediction` rounds it: halves up."""
    mean: Bytes = ((2 * total.astype(np.uint32) + count) // (2 * count)).astype(np.uint8)
    return mean
