"""Dice: the share of two masks that they have in common."""

from __future__ import annotations

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def dice(pair: RegionPair) -> float:
    """Return 2 TP / (2 TP + FP + FN).

    Raises:
        ZeroDivisionError: both masks are empty; the policy answers there.

    Reference:
        L. R. Dice, Measures of the amount of ecologic association between species, Ecology 26, 1945.
    """
    counts = pair.confusion
    return 2 * counts.true_positive / (counts.prediction_voxels + counts.reference_voxels)


DICE = MetricSpec(
    name="dice",
    title="Dice",
    unit="",
    direction="higher",
    kind="overlap",
    definition="2 TP / (2 TP + FP + FN) over all voxels of the case",
    citation="Dice 1945",
    function=dice,
)
