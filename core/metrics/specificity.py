"""Specificity: how much of the background was left alone."""

from __future__ import annotations

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec, NothingToScoreError


def specificity(pair: RegionPair) -> float:
    """Return TN / (TN + FP).

    Empty masks: defined for both; an empty prediction scores 1.

    Raises:
        NothingToScoreError: the reference fills the image, so that no voxel could be left alone.

    Reference:
        J. Yerushalmy, Statistical problems in assessing methods of medical diagnosis, with special reference to
        X-ray techniques, Public Health Reports 62, 1947.
    """
    counts = pair.confusion
    background = counts.true_negative + counts.false_positive
    if background == 0:
        raise NothingToScoreError("the reference fills the image, so that there is no background to leave alone")
    return counts.true_negative / background


SPECIFICITY = MetricSpec(
    name="specificity",
    title="Specificity",
    unit="",
    direction="higher",
    kind="background",
    definition="TN / (TN + FP) over all voxels of the image; the larger the image, the closer to 1",
    citation="Yerushalmy 1947",
    function=specificity,
)
