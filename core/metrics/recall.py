"""Recall: how much of the reference was found."""

from __future__ import annotations

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def recall(pair: RegionPair) -> float:
    """Return TP / (TP + FN).

    Raises:
        ZeroDivisionError: the reference is empty; the policy answers there.

    Reference:
        C. J. van Rijsbergen, Information Retrieval, 2nd ed., Butterworths, 1979.
    """
    counts = pair.confusion
    return counts.true_positive / counts.reference_voxels


RECALL = MetricSpec(
    name="recall",
    title="Recall",
    unit="",
    direction="higher",
    kind="overlap",
    definition="TP / (TP + FN) over all voxels of the case, also called sensitivity",
    citation="van Rijsbergen 1979",
    function=recall,
)
