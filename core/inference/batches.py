"""Which slices go through a network together: few where they are large, so that what it computes fits in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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


def parts_outward(slice_index: Sequence[int], first: int, canvas: tuple[int, int]) -> Iterator[Indices]:
    """Yield the positions of stored slices in batches: the one nearest to a slice alone, then outward from it.

    Args:
        slice_index: the number of each stored slice on the full grid.
        first: the number of the slice to begin with.
        canvas: (H, W) on which they go through the network.
    """
    order = np.argsort(np.abs(np.asarray(slice_index, np.intp) - first), kind="stable")
    batch = batch_of(canvas)
    starts = [0, *range(1, len(order), batch)]
    for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
        if stop > start:
            yield order[start:stop]
