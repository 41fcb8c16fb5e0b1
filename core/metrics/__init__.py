"""The plug-in list of metrics: a new one is one file beside this one and one line in `METRICS`."""

from __future__ import annotations

from core.errors import RefusedError
from core.metrics.accuracy import ACCURACY
from core.metrics.assd import ASSD_MM, ASSD_PX
from core.metrics.dice import DICE
from core.metrics.hd import HD_MM, HD_PX
from core.metrics.hd95 import HD95_MM, HD95_PX
from core.metrics.hd95_elements import HD95_ELEMENTS_MM
from core.metrics.hd95_pooled import HD95_POOLED_MM
from core.metrics.instance_dice import INSTANCE_DICE
from core.metrics.instance_f1 import INSTANCE_F1
from core.metrics.iou import IOU
from core.metrics.lesion_dice import LESION_DICE
from core.metrics.lesion_f1 import LESION_F1
from core.metrics.lesion_hd95 import LESION_HD95_MM
from core.metrics.nsd import NSD
from core.metrics.precision import PRECISION
from core.metrics.recall import RECALL
from core.metrics.spec import MetricSpec
from core.metrics.specificity import SPECIFICITY
from core.metrics.volume_error import VOLUME_ERROR_ML
from core.metrics.volume_error_percent import VOLUME_ERROR_PERCENT
from core.registry import look_up

METRICS: dict[str, MetricSpec] = {
    "dice": DICE,
    "iou": IOU,
    "precision": PRECISION,
    "recall": RECALL,
    "specificity": SPECIFICITY,
    "accuracy": ACCURACY,
    "hd95_mm": HD95_MM,
    "hd95_px": HD95_PX,
    "hd95_pooled_mm": HD95_POOLED_MM,
    "hd95_elements_mm": HD95_ELEMENTS_MM,
    "hd_mm": HD_MM,
    "hd_px": HD_PX,
    "assd_mm": ASSD_MM,
    "assd_px": ASSD_PX,
    "nsd": NSD,
    "volume_error_ml": VOLUME_ERROR_ML,
    "volume_error_percent": VOLUME_ERROR_PERCENT,
    "lesion_dice": LESION_DICE,
    "lesion_hd95_mm": LESION_HD95_MM,
    "lesion_f1": LESION_F1,
    "instance_f1": INSTANCE_F1,
    "instance_dice": INSTANCE_DICE,
}


class UnknownMetricError(RefusedError):
    """A metric name that is not one of `METRICS`."""


def metric_named(name: str) -> MetricSpec:
    """Return the metric called `name`.

    Raises:
        UnknownMetricError: no such metric; the message lists the known ones.
    """
    return look_up(METRICS, name, "metric", UnknownMetricError)
