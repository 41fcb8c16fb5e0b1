"""Which slices go through a network together: few where they are large, so that what it computes fits in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from core.data.store import Indices

BATCH = 8
# of all canvases of a batch; a wide U-Net holds about a kilobyte for each of them at a time
PIXELS = BATCH * 256 * 256


def batch_of(canvas: tuple[int, int]) -> int:
    """Return how many slices on a canvas (H, W) go together: 8, fewer of those larger than 256 x 256."""
    height, width = canvas
    return max(1, min(BATCH, PIXELS // (height * width)))


def parts_of(slices: int, canvas: tuple[int, int]) -> Iterator[Indices]:
    """Yield the positions of stored slices in batches, each spread over the head."""
    count = -(-slices // batch_of(canvas))
    for first in range(count):
        yield np.arange(first, slices, count)


def parts_near(slice_index: Sequence[int], nearest: Callable[[], int], canvas: tuple[int, int]) -> Iterator[Indices]:
    """Yield the positions of stored slices in batches of neighbours, the batch that is looked at first.

    Which slices are in one batch does not depend on where somebody looks, only when its turn comes: whatever a network
    makes of a batch, it makes of it in every order.

    Args:
        slice_index: the number of each stored slice on the full grid.
        nearest: asked before each batch for the number of the slice that is looked at.
        canvas: (H, W) on which they go through the network.
    """
    count = -(-len(slice_index) // batch_of(canvas))
    left = np.array_split(np.arange(len(slice_index)), count) if count else []
    numbers = np.asarray(slice_index, np.intp)
    while left:
        here = nearest()
        yield left.pop(min(range(len(left)), key=lambda at: int(np.abs(numbers[left[at]] - here).min())))
