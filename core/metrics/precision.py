"""Precision: how much of what was predicted is right."""

from __future__ import annotations

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def precision(pair: RegionPair) -> float:
    """Return TP / (TP + FP).

    Raises:
        ZeroDivisionError: the prediction is empty; the policy answers there.

    Reference:
        C. J. van Rijsbergen, Information Retrieval, 2nd ed., Butterworths, 1979.
    """
    counts = pair.confusion
    return counts.true_positive / counts.prediction_voxels


PRECISION = MetricSpec(
    name="precision",
    title="Precision",
    unit="",
    direction="higher",
    kind="overlap",
    definition="TP / (TP + FP) over all voxels of the case, also called positive predictive value",
    citation="van Rijsbergen 1979",
    function=precision,
)
