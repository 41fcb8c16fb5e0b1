"""Instances: the connected pieces of two masks, or two numbered maps, matched one to one by their overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.metrics.components import Counts, shared_voxels, sizes_of

# matched pieces share more than half of what they cover together, so that none has two partners
MATCHING_IOU = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class InstanceMatch:
    """How the instances of a prediction answer those of a reference.

    Attributes:
        reference: how many the reference has.
        prediction: how many were predicted.
        dice: (matched,) float64, the Dice of each matched pair, in the order of the reference's numbers.
        iou: (matched,) float64, their IoU.
    """

    reference: int
    prediction: int
    dice: npt.NDArray[np.float64]
    iou: npt.NDArray[np.float64]

    @property
    def matched(self) -> int:
        return len(self.dice)


def match_instances(
    prediction: npt.NDArray[np.integer], reference: npt.NDArray[np.integer], *, threshold: float = MATCHING_IOU
) -> InstanceMatch:
    """Match instances whose IoU is above `threshold`, one to one.

    Args:
        prediction: integers, one number per instance (gaps allowed), 0 where there is none.
        reference: the same of one shape.
        threshold: IoU that a pair must exceed; 0.5 or more, so that no instance has two partners.

    Raises:
        ValueError: the threshold is below 0.5, where pairs would not be unique.

    Reference:
        A. Kirillov et al., Panoptic segmentation, CVPR 2019: segment matching.
    """
    if threshold < MATCHING_IOU:
        raise ValueError(
            f"found a matching IoU of {threshold}, expected {MATCHING_IOU} or more: pairs are unique there"
        )
    predicted, referred = _sizes(prediction), _sizes(reference)
    shared = shared_voxels(prediction, reference)
    total = predicted[shared.prediction] + referred[shared.reference]
    iou = shared.voxels / (total - shared.voxels)
    pairs = iou > threshold
    return InstanceMatch(
        int(np.count_nonzero(referred[1:])),
        int(np.count_nonzero(predicted[1:])),
        (2 * shared.voxels / total)[pairs],
        iou[pairs],
    )


def _sizes(labels: npt.NDArray[np.integer]) -> Counts:
    return sizes_of(labels, int(labels.max(initial=0)))
