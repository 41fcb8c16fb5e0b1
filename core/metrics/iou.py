"""IoU: intersection over union of two masks."""

from __future__ import annotations

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def iou(pair: RegionPair) -> float:
    """Return TP / (TP + FP + FN).

    Raises:
        ZeroDivisionError: both masks are empty; the policy answers there.

    Reference:
        P. Jaccard, The distribution of the flora in the alpine zone, New Phytologist 11, 1912.
    """
    counts = pair.confusion
    return counts.true_positive / (counts.true_positive + counts.false_positive + counts.false_negative)


IOU = MetricSpec(
    name="iou",
    title="IoU",
    unit="",
    direction="higher",
    kind="overlap",
    definition="TP / (TP + FP + FN) over all voxels of the case",
    citation="Jaccard 1912",
    function=iou,
)
