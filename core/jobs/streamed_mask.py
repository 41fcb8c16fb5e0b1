"""The mask of a study while it is made: given to the viewer batch by batch, without its clean-up.

Of an ensemble it is the mean of the members so far, so that the last one leaves what the whole prediction says.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.checkpoints import InferenceSpec
from core.data.growing_volume import GrowingVolume
from core.data.store import SlicedCase
from core.data.volume_cache import VolumeCache
from core.inference.prediction import region_bits
from core.inference.streaming import Bytes, Stream, mean_bytes

SUM_BYTES = 512 * 1024**2  # of the members' probabilities, added up


def streamed_address(job_id: str, tries: int) -> str:
    """Return where the viewer finds what one try of a study shows while it works."""
    return hashlib.sha256(f"streamed {job_id} {tries}".encode()).hexdigest()


class StreamedMask:
    """Takes batches of probabilities and shows their mask.

    Attributes:
        address: of the volume among the viewer's.
    """

    def __init__(
        self,
        cache: VolumeCache,
        address: str,
        sliced: SlicedCase,
        affine: npt.NDArray[np.float64] | None,
        spec: InferenceSpec,
        several: bool,
    ) -> None:
        """Begin with nothing to see.

        Args:
            cache: the viewer's volumes.
            address: its own among them.
            sliced: the case, in axial slices.
            affine: of its full grid.
            spec: what the probabilities are.
            several: more than one network gives its opinion.

        Raises:
            OSError: nothing can be written.
        """
        self.address = address
        self._spec = spec
        self._first = sliced.box.start[2]
        shape = (spec.outputs, sliced.box.shape[2], *sliced.box.shape[:2])
        self._sum_shape = shape if several and 2 * int(np.prod(shape)) <= SUM_BYTES else None
        self._sum: npt.NDArray[np.uint16] | None = None
        self._opinions = 0
        self._volume: GrowingVolume | None = cache.grow(
            address, sliced.shape, sliced.box, affine, len(sliced.slice_index)
        )

    def show(self, numbers: list[int], bits: Bytes) -> None:
        """Show the region bits (S, x, y) of some slices inside the box.

        Where the disk is full or the cache has let the volume go, no more is shown; the work itself goes on.
        """
        if self._volume is None:
            return
        try:
            self._volume.publish(numbers, bits)
        except OSError:
            self._volume = None

    def opinion(self, nearest: Callable[[], int]) -> Stream | None:
        """Return what takes the next network's probabilities; None where they cannot be added to the others'.

        Args:
            nearest: the slice that is looked at.
        """
        self._opinions += 1
        if self._opinions > 1 and self._sum is None:
            return None
        return Stream(nearest, self._take)

    def end(self) -> None:
        """Say that nothing more will come."""
        if self._volume is not None:
            with contextlib.suppress(OSError):
                self._volume.end()
        self._volume = self._sum = None

    def _take(self, numbers: list[int], probabilities: Bytes) -> None:
        found = np.moveaxis(probabilities, 1, 0)
        if self._sum_shape is not None:
            found = self._mean(numbers, found)
        self.show(numbers, region_bits(found, self._spec.thresholds, self._spec.class_bits))

    def _mean(self, numbers: list[int], found: Bytes) -> Bytes:
        if self._sum is None:
            assert self._sum_shape is not None
            self._sum = np.zeros(self._sum_shape, np.uint16)
        places = [number - self._first for number in numbers]
        self._sum[:, places] += found
        return mean_bytes(self._sum[:, places], self._opinions)
