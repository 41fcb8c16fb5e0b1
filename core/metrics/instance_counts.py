"""What the instance-wise metrics share: the words for their definition, and the counts beside their values."""

from __future__ import annotations

from core.metrics.instances import MATCHING_IOU
from core.metrics.pair import RegionPair

INSTANCE_WORDS = f"26-connected components of both masks, matched one to one where their IoU is above {MATCHING_IOU:g}"
INSTANCE_CITATION = "Kirillov et al. 2019; as panoptica's"


def instance_counts(pair: RegionPair) -> dict[str, float]:
    """Return `instances_reference`, `instances_predicted` and `instances_matched`; zeros for empty masks."""
    match = pair.instances
    return {
        "instances_reference": match.reference,
        "instances_predicted": match.prediction,
        "instances_matched": match.matched,
    }
