"""Lesion-wise HD95: the mean over lesions, with a fixed penalty for each missed or invented one."""

from __future__ import annotations

import numpy as np

from core.metrics.hd95_elements import hd95_elements_mm
from core.metrics.lesion_counts import LESION_CITATION, LESION_WORDS, lesion_counts, require_lesions
from core.metrics.lesions import PENALTY_MM, Lesion
from core.metrics.pair import RegionPair, compare_regions
from core.metrics.spec import MetricSpec


def lesion_hd95_mm(pair: RegionPair) -> float:
    """Return the mean HD95 over the lesions that count, in mm, 374 for each that was missed or invented.

    Empty masks: 374 where only one of them is empty.

    Raises:
        NothingToScoreError: no lesion counts and none was invented.
        ValueError: the image has no geometry.

    Reference:
        As for `lesion_dice`; the HD95 of a lesion is `hd95_elements_mm`.
    """
    require_lesions(pair)
    lesions = pair.lesions
    penalties = PENALTY_MM * (len(lesions.missed) + lesions.invented)
    found = sum(_hd95_mm(pair, lesion) for lesion in lesions.found)
    return (found + penalties) / (len(lesions.counted) + lesions.invented)


def _hd95_mm(pair: RegionPair, lesion: Lesion) -> float:
    if pair.lesions.single:
        return hd95_elements_mm(pair)  # whose distances other metrics use too
    prediction, reference = (mask.astype(np.uint8) for mask in pair.lesions.masks(lesion))
    return hd95_elements_mm(compare_regions(prediction, reference, 1, pair.geometry, pair.shape)[0])


LESION_HD95_MM = MetricSpec(
    name="lesion_hd95_mm",
    title="Lesion-wise HD95",
    unit="mm",
    direction="lower",
    kind="lesions",
    definition="mean over the reference's lesions of the HD95 (`hd95_elements_mm`) between each and all predicted "
    f"components that touch it, {PENALTY_MM:g} mm for each missed and each invented one; {LESION_WORDS}",
    citation=LESION_CITATION,
    function=lesion_hd95_mm,
    needs_geometry=True,
    beside=lesion_counts,
)
