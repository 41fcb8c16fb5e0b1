"""The same two masks scored as the field scores them: what a Dice of 96 % can mean.

Every convention is a share, so that cases can be averaged or pooled. Our own is the first; the others are here to
show what each habit is worth, not to be used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.evaluation.mask_pair import (
    BATCH,
    MaskPair,
    Share,
    at_model_resolution,
    not_binarised,
    per_patient,
    per_slice,
    per_slice_empty_one,
    pooled_over_batches,
    pooled_over_cohort,
    tumour_slices,
    without_clean_up,
)

Score = Callable[[MaskPair, str], Share]


@dataclass(frozen=True, slots=True)
class Convention:
    """One way to turn two masks into a Dice.

    Attributes:
        name: how it is chosen.
        title: what a page calls it.
        short: the same in two words, for where there is little room.
        definition: one sentence.
        reference: who scores so.
        score: mask pair and region to share.
        pools: numerators and denominators of all cases are added before they are divided; otherwise cases are averaged.
    """

    name: str
    title: str
    short: str
    definition: str
    reference: str
    score: Score
    pools: bool = False


def score_conventions(pair: MaskPair) -> dict[str, dict[str, Share]]:
    """Score one case in every way: convention to region to share."""
    return {
        name: {region: convention.score(pair, region) for region in pair.regions}
        for name, convention in CONVENTIONS.items()
    }


CONVENTIONS: dict[str, Convention] = {
    convention.name: convention
    for convention in (
        Convention(
            name="patient",
            title="Per patient, in 3D",
            short="3D",
            definition="2 TP / (2 TP + FP + FN) over all voxels of a patient on the native grid; a patient whose "
            "reference is empty is left out, a missed region scores 0.",
            reference="this program; BraTS challenges (Menze 2015, Bakas 2018), with a policy of their own for empty "
            "masks",
            score=per_patient,
        ),
        Convention(
            name="slice",
            title="Per slice",
            short="per slice",
            definition="Dice of each axial slice that has the region in the reference or the prediction, averaged "
            "within a case; a slice with it in one of them only scores 0.",
            reference="2D pipelines whose items are slices and that skip those empty in both masks",
            score=per_slice,
        ),
        Convention(
            name="slice-empty-one",
            title="Per slice, empty = 1",
            short="empty = 1",
            definition="Dice of each axial slice with head, averaged within a case; a slice empty in both masks "
            "scores 1, and most slices are.",
            reference="segmentation_models.pytorch, micro-imagewise with zero_division 1; a smoothing term in "
            "numerator and denominator does the same",
            score=per_slice_empty_one,
        ),
        Convention(
            name="tumour-slices",
            title="Tumour slices only",
            short="tumour slices",
            definition="Dice of each axial slice whose reference has the region, averaged within a case; what is "
            "invented on other slices does not count.",
            reference="data sets filtered to slices with tumour; MONAI's DiceMetric with ignore_empty on slices",
            score=tumour_slices,
        ),
        Convention(
            name="pooled",
            title=f"Pooled over batches of {BATCH}",
            short="batches",
            definition=f"One Dice over all voxels of {BATCH} consecutive axial slices, counted from the lowest, "
            "averaged over the batches that have the region in either mask.",
            reference="training loops that flatten a batch before they score it and average over steps",
            score=pooled_over_batches,
        ),
        Convention(
            name="pooled-cohort",
            title="Pooled over the cohort",
            short="pooled",
            definition="One Dice over all voxels of all patients together, so that large tumours decide; of one case "
            "it is the Dice in 3D.",
            reference="one confusion matrix for a whole test set; segmentation_models.pytorch, micro",
            score=pooled_over_cohort,
            pools=True,
        ),
        Convention(
            name="unbinarised",
            title="Labels not binarised",
            short="not binarised",
            definition="2 sum(m y) / (sum m + sum y) with the predicted mask m and the reference's label values y as "
            "they are; a perfect mask scores above 1.",
            reference="notebooks that read masks with labels 0 to 3 (or 4) and never make them 0 and 1",
            score=not_binarised,
        ),
        Convention(
            name="model-resolution",
            title="At the model's resolution",
            short="model's size",
            definition="Per patient in 3D, but both masks are first resized (nearest voxel) to the slice size of the "
            "model.",
            reference="2D networks that shrink scans to 128 or 256 pixels and score what comes out",
            score=at_model_resolution,
        ),
        Convention(
            name="before-clean-up",
            title="Before clean-up",
            short="raw",
            definition="Per patient in 3D on what the thresholds alone give, before small islands are removed or holes "
            "are filled.",
            reference="scores logged in validation, where clean-up comes later",
            score=without_clean_up,
        ),
    )
}
# how runs are scored whose cards say that they leak: in these rows, which are no other model's, and in no other table
LEAKING_CONVENTIONS: dict[str, Convention] = {
    convention.name: convention
    for convention in (
        Convention(
            name="leaks",
            title="Per patient, in 3D (leaks)",
            short="leaks",
            definition="As the first row, of a model that was trained on something of what it is scored on here; no "
            "patient is dropped.",
            reference="random splits of sets that hold a patient, a study or a slice twice",
            score=per_patient,
        ),
        Convention(
            name="slice-split",
            title="Slice split (leaks), per patient",
            short="slice split",
            definition="2 TP / (2 TP + FP + FN) over the held-out slices of a patient, of a model that was trained on "
            "other slices of the same patient; one whose held-out slices are empty in the reference is left out.",
            reference="train_test_split over a folder of slices",
            score=per_patient,
        ),
        Convention(
            name="slice-split-pooled",
            title="Slice split (leaks), pooled",
            short="slice split, pooled",
            definition="One Dice over all held-out slices of all patients together, of the same model.",
            reference="train_test_split over a folder of slices, scored by one confusion matrix",
            score=pooled_over_cohort,
            pools=True,
        ),
    )
}
DEFAULT_CONVENTION = "patient"
NO_CLEAN_UP = "no clean-up in this model: the same"
