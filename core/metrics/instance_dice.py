"""Instance Dice: how well the connected pieces that have a partner were drawn."""

from __future__ import annotations

from core.metrics.instance_counts import INSTANCE_CITATION, INSTANCE_WORDS, instance_counts
from core.metrics.instances import MATCHING_IOU
from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec, NothingToScoreError


def instance_dice(pair: RegionPair) -> float:
    """Return the mean Dice of the matched instances; those without a partner do not count.

    Raises:
        NothingToScoreError: no instance has a partner.

    Reference:
        A. Kirillov et al., Panoptic segmentation, CVPR 2019: segmentation quality, with Dice for IoU.
    """
    match = pair.instances
    if match.matched == 0:
        raise NothingToScoreError(f"no predicted component has an IoU above {MATCHING_IOU:g} with one of the reference")
    return float(match.dice.mean())


INSTANCE_DICE = MetricSpec(
    name="instance_dice",
    title="Instance Dice",
    unit="",
    direction="higher",
    kind="overlap",
    definition=f"mean Dice of the matched instances alone, to be read beside `instance_f1`; {INSTANCE_WORDS}",
    citation=f"{INSTANCE_CITATION} segmentation quality of Dice",
    function=instance_dice,
    beside=instance_counts,
)
