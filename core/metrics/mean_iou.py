"""Mean IoU of a case: the mean of its class-wise IoU, which are the IoU of its regions."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean


def mean_iou(class_iou: Mapping[str, float | None]) -> float | None:
    """Return the mean over the classes (regions) that have an IoU; background is none of them.

    Empty masks: a class that the policy left without a number is left out; without any there is no mean.

    Args:
        class_iou: name to IoU, or None where there is none.

    Reference:
        M. Everingham et al., The PASCAL visual object classes (VOC) challenge, IJCV 88, 2010.
    """
    values = [value for value in class_iou.values() if value is not None]
    return fmean(values) if values else None
