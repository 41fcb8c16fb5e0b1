"""Instance F1: how many connected pieces have a partner that covers them."""

from __future__ import annotations

from core.metrics.instances import MATCHING_IOU
from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec

INSTANCE_WORDS = f"26-connected components of both masks, matched one to one where their IoU is above {MATCHING_IOU:g}"
INSTANCE_CITATION = "Kirillov et al. 2019; as panoptica's"


def instance_f1(pair: RegionPair) -> float:
    """Return 2 matched / (instances of the reference + predicted instances).

    Raises:
        ZeroDivisionError: both masks are empty; the policy answers there.

    Reference:
        A. Kirillov et al., Panoptic segmentation, CVPR 2019: recognition quality.
    """
    match = pair.instances
    return 2 * match.matched / (match.reference + match.prediction)


def instance_counts(pair: RegionPair) -> dict[str, float]:
    """Return `instances_reference`, `instances_predicted` and `instances_matched`; zeros for empty masks."""
    match = pair.instances
    return {
        "instances_reference": match.reference,
        "instances_predicted": match.prediction,
        "instances_matched": match.matched,
    }


INSTANCE_F1 = MetricSpec(
    name="instance_f1",
    title="Instance F1",
    unit="",
    direction="higher",
    kind="overlap",
    definition=f"2 matched / (instances of the reference + predicted instances); {INSTANCE_WORDS}",
    citation=f"{INSTANCE_CITATION} recognition quality",
    function=instance_f1,
    beside=instance_counts,
)
