"""The same two masks scored as the field scores them: what a Dice of 96 % can mean.

Every convention is a share, a numerator over a denominator, so that cases can be averaged or pooled. Our own
is the first; the others are here to show what each habit is worth, not to be used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.data.slicing import PLANES, Plane
from core.errors import RefusedError
from core.evaluation.slice_counts import Bits, SliceCounts, count_slices
from core.labels import LabelScheme
from core.registry import look_up

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
    """

    prediction: Bits
    reference: Bits
    scheme: LabelScheme
    regions: tuple[str, ...]
    head_slices: int
    plane: Plane = "axial"
    input_size: tuple[int, int] | None = None

    @cached_property
    def counts(self) -> SliceCounts:
        return count_slices(self.prediction, self.reference)

    @cached_property
    def counts_at_model_resolution(self) -> SliceCounts:
        x, y, z = self.reference.shape
        size, _ = model_resolution((x, y, z), self.plane, self.input_size)
        return count_slices(*(resized(bits, self.plane, size) for bits in (self.prediction, self.reference)))

    def bit(self, region: str) -> int:
        return self.scheme.region_names.index(region)


Score = Callable[[MaskPair, str], Share]


@dataclass(frozen=True, slots=True)
class Convention:
    """One way to turn two masks into a Dice.

    Attributes:
        name: how it is chosen.
        title: what a page calls it.
        definition: one sentence.
        reference: who scores so.
        score: mask pair and region to share.
        pools: numerators and denominators of all cases are added before they are divided; otherwise cases are averaged.
    """

    name: str
    title: str
    definition: str
    reference: str
    score: Score
    pools: bool = False


class UnknownConventionError(RefusedError):
    """A convention name that is not one of `CONVENTIONS`."""


def convention_named(name: str) -> Convention:
    """Return the convention called `name`.

    Raises:
        UnknownConventionError: no such convention; the message lists the known ones.
    """
    return look_up(CONVENTIONS, name, "scoring convention", UnknownConventionError)


def score_conventions(pair: MaskPair) -> dict[str, dict[str, Share]]:
    """Score one case in every way: convention to region to share."""
    return {
        name: {region: convention.score(pair, region) for region in pair.regions}
        for name, convention in CONVENTIONS.items()
    }


def model_resolution(
    shape: tuple[int, int, int], plane: Plane, input_size: tuple[int, int] | None
) -> tuple[tuple[int, int], str]:
    """Return the slice size (H, W) at which `model-resolution` scores, and what that size is.

    Args:
        shape: the native grid (X, Y, Z).
        plane: how the network cuts it.
        input_size: the size that the model's card names, or None.
    """
    native = tuple(n for axis, n in enumerate(shape) if axis != PLANES[plane])
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


def _per_patient(pair: MaskPair, region: str) -> Share:
    return _with_reference(pair.counts, pair.bit(region))


def _of_slices(pair: MaskPair, region: str, together: int = 1) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the Dice of each group of slices that has the region in either mask, and where the reference has it."""
    starts = np.arange(0, pair.counts.voxels.shape[0], together)
    counts = pair.counts.of_region(pair.bit(region))
    predicted, referred, both = (np.add.reduceat(count, starts) for count in counts)
    there = predicted + referred > 0
    return 2 * both[there] / (predicted + referred)[there], referred[there] > 0


def _per_slice(pair: MaskPair, region: str) -> Share:
    dice, _ = _of_slices(pair, region)
    return Share(float(dice.sum()), dice.size)


def _per_slice_empty_one(pair: MaskPair, region: str) -> Share:
    dice, _ = _of_slices(pair, region)
    slices = max(pair.head_slices, dice.size)
    return Share(float(dice.sum()) + slices - dice.size, slices)


def _tumour_slices(pair: MaskPair, region: str) -> Share:
    dice, referred = _of_slices(pair, region)
    return Share(float(dice[referred].sum()), int(referred.sum()))


def _pooled_over_batches(pair: MaskPair, region: str) -> Share:
    dice, _ = _of_slices(pair, region, BATCH)
    return Share(float(dice.sum()), dice.size)


def _pooled_over_cohort(pair: MaskPair, region: str) -> Share:
    return _whole(pair.counts, pair.bit(region))


def _not_binarised(pair: MaskPair, region: str) -> Share:
    counts = pair.counts
    voxels = counts.voxels.sum(axis=0)
    predicted = (counts.predicted >> pair.bit(region) & 1).astype(np.int64)
    labels = pair.scheme.to_labels(counts.referred).astype(np.int64)
    here = counts.referred >> pair.bit(region) & 1
    labels = np.where(here == 1, labels, 0)
    overlap, mask, drawn = (int((voxels * each).sum()) for each in (predicted * labels, predicted, labels))
    return Share(2 * overlap, mask + drawn) if drawn else Share(0, 0)


def _at_model_resolution(pair: MaskPair, region: str) -> Share:
    return _with_reference(pair.counts_at_model_resolution, pair.bit(region))


CONVENTIONS: dict[str, Convention] = {
    convention.name: convention
    for convention in (
        Convention(
            name="patient",
            title="Per patient, in 3D",
            definition="2 TP / (2 TP + FP + FN) over all voxels of a patient on the native grid; a patient whose "
            "reference is empty is left out, a missed region scores 0.",
            reference="what we report; BraTS challenges (Menze 2015, Bakas 2018), with a policy of their own for "
            "empty masks",
            score=_per_patient,
        ),
        Convention(
            name="slice",
            title="Per slice",
            definition="Dice of each axial slice that has the region in the reference or the prediction, averaged "
            "within a case; a slice with it in one of them only scores 0.",
            reference="2D pipelines whose items are slices and that skip those empty in both masks",
            score=_per_slice,
        ),
        Convention(
            name="slice-empty-one",
            title="Per slice, empty = 1",
            definition="Dice of each axial slice with head, averaged within a case; a slice empty in both masks "
            "scores 1, and most slices are.",
            reference="segmentation_models.pytorch, micro-imagewise with zero_division 1; a smoothing term in "
            "numerator and denominator does the same",
            score=_per_slice_empty_one,
        ),
        Convention(
            name="tumour-slices",
            title="Tumour slices only",
            definition="Dice of each axial slice whose reference has the region, averaged within a case; what is "
            "invented on other slices does not count.",
            reference="data sets filtered to slices with tumour; MONAI's DiceMetric with ignore_empty on slices",
            score=_tumour_slices,
        ),
        Convention(
            name="pooled",
            title=f"Pooled over batches of {BATCH}",
            definition=f"One Dice over all voxels of {BATCH} consecutive axial slices, counted from the lowest, "
            "averaged over the batches that have the region in either mask.",
            reference="training loops that flatten a batch before they score it and average over steps",
            score=_pooled_over_batches,
        ),
        Convention(
            name="pooled-cohort",
            title="Pooled over the cohort",
            definition="One Dice over all voxels of all patients together, so that large tumours decide; of one case "
            "it is the Dice in 3D.",
            reference="one confusion matrix for a whole test set; segmentation_models.pytorch, micro",
            score=_pooled_over_cohort,
            pools=True,
        ),
        Convention(
            name="unbinarised",
            title="Labels not binarised",
            definition="2 sum(m y) / (sum m + sum y) with the predicted mask m and the reference's label values y as "
            "they are; a perfect mask scores above 1.",
            reference="notebooks that read masks with labels 0 to 3 (or 4) and never make them 0 and 1",
            score=_not_binarised,
        ),
        Convention(
            name="model-resolution",
            title="At the model's resolution",
            definition="Per patient in 3D, but both masks are first resized (nearest voxel) to the slice size of the "
            "model.",
            reference="2D networks that shrink scans to 128 or 256 pixels and score what comes out",
            score=_at_model_resolution,
        ),
        Convention(
            name="before-clean-up",
            title="Before clean-up",
            definition="Per patient in 3D on what the thresholds alone give, before small islands are removed or holes "
            "are filled.",
            reference="scores logged in validation, where clean-up comes later",
            # nothing follows the thresholds yet in any checkpoint
            score=_per_patient,
        ),
    )
}
DEFAULT_CONVENTION = "patient"
NO_CLEAN_UP = "no clean-up in this model: the same"
