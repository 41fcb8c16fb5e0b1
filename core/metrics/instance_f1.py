"""Instance F1: how many connected pieces have a partner that covers them."""

from __future__ import annotations

from core.metrics.instance_counts import INSTANCE_CITATION, INSTANCE_WORDS, instance_counts
from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def instance_f1(pair: RegionPair) -> float:
    """Return 2 matched / (instances of the reference + predicted instances).

    Raises:
        ZeroDivisionError: both masks are empty; the policy answers there.

    Reference:
        A. Kirillov et al., Panoptic segmentation, CVPR 2019: recognition quality.
    """
    match = pair.instances
    return 2 * match.matched / (match.reference + match.prediction)


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
