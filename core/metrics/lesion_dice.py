"""Lesion-wise Dice: the mean over lesions, so that a small one counts as much as a large one."""

from __future__ import annotations

from core.metrics.lesion_counts import LESION_CITATION, LESION_WORDS, lesion_counts, require_lesions
from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def lesion_dice(pair: RegionPair) -> float:
    """Return the mean Dice over the lesions that count, 0 for each that was missed or invented.

    Empty masks: 0 where only one of them is empty.

    Raises:
        NothingToScoreError: no lesion counts and none was invented.
        ValueError: the image has no geometry.

    Reference:
        A. W. Moawad et al., The Brain Tumor Segmentation (BraTS-METS) Challenge 2023, arXiv:2306.00838;
        R. Saluja et al., BraTS-2023-Metrics.
    """
    require_lesions(pair)
    lesions = pair.lesions
    return sum(lesion.dice for lesion in lesions.counted) / (len(lesions.counted) + lesions.invented)


LESION_DICE = MetricSpec(
    name="lesion_dice",
    title="Lesion-wise Dice",
    unit="",
    direction="higher",
    kind="lesions",
    definition="mean over the reference's lesions of the Dice between each and all predicted components that touch "
    f"it, 0 for each missed and each invented one; {LESION_WORDS}",
    citation=LESION_CITATION,
    function=lesion_dice,
    needs_geometry=True,
    beside=lesion_counts,
)
