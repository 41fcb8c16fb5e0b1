"""A mask pair's Dice in each scoring convention, as a share: a numerator over a denominator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.data.slicing import PLANES, Plane
from core.evaluation.slice_counts import Bits, SliceCounts, count_slices
from core.labels import LabelScheme

BATCH = 16
SMALL = (128, 128)  # the size that 2D networks are most often trained at


@dataclass(frozen=True, slots=True)
class Share:
    """A score before it is divided; without a denominator there is no score."""

    numerator: float
    denominator: float

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True, eq=False)
class MaskPair:
    """A prediction beside its reference, and what conventions ask of the case besides.

    Attributes:
        prediction: (X, Y, Z) uint8 region bits in the scheme's order.
        reference: (X, Y, Z) uint8 region bits in the scheme's order.
        scheme: what the bits and the reference's labels mean.
        regions: which regions are scored.
        head_slices: how many axial slices show any head.
        plane: how the network cuts the volume.
        input_size: the network's slice (H, W), or None where it takes any.
        before_clean_up: the prediction as the thresholds alone give it; None where nothing follows them.
    """

    prediction: Bits
    reference: Bits
    scheme: LabelScheme
    regions: tuple[str, ...]
    head_slices: int
    plane: Plane = "axial"
    input_size: tuple[int, int] | int | None = None
    before_clean_up: Bits | None = None

    @cached_property
    def counts(self) -> SliceCounts:
        return count_slices(self.prediction, self.reference)

    @cached_property
    def counts_before_clean_up(self) -> SliceCounts:
        return self.counts if self.before_clean_up is None else count_slices(self.before_clean_up, self.reference)

    @cached_property
    def counts_at_model_resolution(self) -> SliceCounts:
        x, y, z = self.reference.shape
        size, _ = model_resolution((x, y, z), self.plane, self.input_size)
        return count_slices(*(resized(bits, self.plane, size) for bits in (self.prediction, self.reference)))

    def bit(self, region: str) -> int:
        return self.scheme.region_names.index(region)


def model_resolution(
    shape: tuple[int, int, int], plane: Plane, input_size: tuple[int, int] | int | None
) -> tuple[tuple[int, int], str]:
    """Return the slice size (H, W) at which `model-resolution` scores, and what that size is.

    Args:
        shape: the native grid (X, Y, Z).
        plane: how the network cuts it.
        input_size: the size that the model's card names, or None.
    """
    native = tuple(n for axis, n in enumerate(shape) if axis != PLANES[plane])
    if isinstance(input_size, int):
        input_size = (input_size, input_size)
    if input_size is not None and input_size != native:
        return input_size, f"{input_size[0]} × {input_size[1]}, the input size in the model's card"
    return SMALL, f"{SMALL[0]} × {SMALL[1]}, as the card names no size other than the scan's own"


def resized(bits: Bits, plane: Plane, size: tuple[int, int]) -> Bits:
    """Resize the slices of one plane of a mask (X, Y, Z) to (H, W), nearest voxel by centres."""
    sizes = iter(size)
    target = [n if axis == PLANES[plane] else next(sizes) for axis, n in enumerate(bits.shape)]
    index = (_nearest(n, wanted) for n, wanted in zip(bits.shape, target, strict=True))
    out: Bits = bits[np.ix_(*index)]
    return out


def _nearest(n: int, wanted: int) -> npt.NDArray[np.intp]:
    return ((np.arange(wanted) + 0.5) * n / wanted).astype(np.intp)


def _whole(counts: SliceCounts, bit: int) -> Share:
    """Return 2 TP / (2 TP + FP + FN) over all slices."""
    predicted, referred, both = (int(each.sum()) for each in counts.of_region(bit))
    return Share(2 * both, predicted + referred)


def _with_reference(counts: SliceCounts, bit: int) -> Share:
    return _whole(counts, bit) if counts.of_region(bit)[1].any() else Share(0, 0)


def per_patient(pair: MaskPair, region: str) -> Share:
    """Return the Dice over all voxels of a case; one whose reference is empty is left out."""
    return _with_reference(pair.counts, pair.bit(region))


def _of_slices(pair: MaskPair, region: str, together: int = 1) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the Dice of each group of slices that has the region in either mask, and where the reference has it."""
    starts = np.arange(0, pair.counts.voxels.shape[0], together)
    counts = pair.counts.of_region(pair.bit(region))
    predicted, referred, both = (np.add.reduceat(count, starts) for count in counts)
    there = predicted + referred > 0
    return 2 * both[there] / (predicted + referred)[there], referred[there] > 0


def per_slice(pair: MaskPair, region: str) -> Share:
    """Return the mean Dice of the slices that have the region in either mask."""
    dice, _ = _of_slices(pair, region)
    return Share(float(dice.sum()), dice.size)


def per_slice_empty_one(pair: MaskPair, region: str) -> Share:
    """Return the mean Dice of the slices with head, those empty in both masks as 1."""
    dice, _ = _of_slices(pair, region)
    slices = max(pair.head_slices, dice.size)
    return Share(float(dice.sum()) + slices - dice.size, slices)


def tumour_slices(pair: MaskPair, region: str) -> Share:
    """Return the mean Dice of the slices whose reference has the region."""
    dice, referred = _of_slices(pair, region)
    return Share(float(dice[referred].sum()), int(referred.sum()))


def pooled_over_batches(pair: MaskPair, region: str) -> Share:
    """Return the mean Dice of batches of slices that have the region in either mask."""
    dice, _ = _of_slices(pair, region, BATCH)
    return Share(float(dice.sum()), dice.size)


def pooled_over_cohort(pair: MaskPair, region: str) -> Share:
    """Return the Dice over all voxels, to be added to other cases'."""
    return _whole(pair.counts, pair.bit(region))


def not_binarised(pair: MaskPair, region: str) -> Share:
    """Return 2 sum(m y) / (sum m + sum y), m the predicted mask and y the region's labels as they are."""
    counts = pair.counts
    voxels = counts.voxels.sum(axis=0)
    predicted = (counts.predicted >> pair.bit(region) & 1).astype(np.int64)
    labels = pair.scheme.to_labels(counts.referred).astype(np.int64)
    here = counts.referred >> pair.bit(region) & 1
    labels = np.where(here == 1, labels, 0)
    overlap, mask, drawn = (int((voxels * each).sum()) for each in (predicted * labels, predicted, labels))
    return Share(2 * overlap, mask + drawn) if drawn else Share(0, 0)


def without_clean_up(pair: MaskPair, region: str) -> Share:
    """Return the Dice over all voxels of what the thresholds alone give; an empty reference is left out."""
    return _with_reference(pair.counts_before_clean_up, pair.bit(region))


def at_model_resolution(pair: MaskPair, region: str) -> Share:
    """Return the Dice over all voxels of the resized masks; an empty reference is left out."""
    return _with_reference(pair.counts_at_model_resolution, pair.bit(region))
