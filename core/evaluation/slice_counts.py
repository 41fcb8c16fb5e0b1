"""How many voxels of each axial slice are where: one pass over two masks, from which every Dice can be counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.volume import Box

Bits = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]

_CODES = 1 << 16  # eight bits of the prediction above eight of the reference


@dataclass(frozen=True, slots=True, eq=False)
class SliceCounts:
    """Voxels by what prediction and reference say of them; those in neither are not counted.

    Attributes:
        predicted: (K,) uint8, the prediction's region bits of each kind of voxel.
        referred: (K,) uint8, the reference's.
        voxels: (Z, K) int64, how many of each kind an axial slice holds.
    """

    predicted: Bits
    referred: Bits
    voxels: Counts

    def of_region(self, bit: int) -> tuple[Counts, Counts, Counts]:
        """Return how many voxels of a region each slice holds, (Z,) each: predicted, referred, in both."""
        predicted, referred = (((bits >> bit) & 1).astype(np.int64) for bits in (self.predicted, self.referred))
        return self.voxels @ predicted, self.voxels @ referred, self.voxels @ (predicted * referred)


def count_slices(prediction: Bits, reference: Bits) -> SliceCounts:
    """Count every axial slice once.

    Args:
        prediction: (X, Y, Z) uint8, bit r set where region r was predicted.
        reference: (X, Y, Z) uint8, bit r set where region r is.

    Raises:
        ValueError: the masks are not two uint8 volumes of one shape.
    """
    for name, bits in (("prediction", prediction), ("reference", reference)):
        if bits.dtype != np.uint8 or bits.ndim != 3:
            raise ValueError(
                f"found a {name} of dtype {bits.dtype} and shape {bits.shape}, expected uint8 region bits (X, Y, Z)"
            )
    if prediction.shape != reference.shape:
        raise ValueError(f"found shapes {prediction.shape} and {reference.shape}, expected two masks of one grid")
    depth = prediction.shape[2]
    box = Box.around((prediction | reference) != 0)
    if box is None:
        nothing = np.zeros(0, np.uint8)
        return SliceCounts(nothing, nothing, np.zeros((depth, 0), np.int64))
    codes = box.crop(prediction).astype(np.uint16) << 8 | box.crop(reference)
    slices = np.ascontiguousarray(np.moveaxis(codes, 2, 0)).reshape(codes.shape[2], -1)
    kinds = np.flatnonzero(np.bincount(slices.ravel(), minlength=_CODES))
    kinds = kinds[kinds != 0]
    place = np.zeros(_CODES, np.intp)
    place[kinds] = np.arange(1, kinds.size + 1)
    voxels = np.zeros((depth, kinds.size), np.int64)
    for number, codes_of_slice in enumerate(slices, box.start[2]):
        voxels[number] = np.bincount(place[codes_of_slice], minlength=kinds.size + 1)[1:]
    return SliceCounts((kinds >> 8).astype(np.uint8), (kinds & 0xFF).astype(np.uint8), voxels)
