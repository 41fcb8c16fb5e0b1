"""The plug-in list of metrics: a new one is one file beside this one and one line in `METRICS`."""

from __future__ import annotations

from core.errors import RefusedError
from core.metrics.dice import DICE
from core.metrics.hd95 import HD95_MM, HD95_PX
from core.metrics.iou import IOU
from core.metrics.spec import MetricSpec
from core.metrics.volume_error import VOLUME_ERROR_ML
from core.registry import look_up

METRICS: dict[str, MetricSpec] = {
    "dice": DICE,
    "iou": IOU,
    "hd95_mm": HD95_MM,
    "hd95_px": HD95_PX,
    "volume_error_ml": VOLUME_ERROR_ML,
}


class UnknownMetricError(RefusedError):
    """A metric name that is not one of `METRICS`."""


def metric_named(name: str) -> MetricSpec:
    """Return the metric called `name`.

    Raises:
        UnknownMetricError: no such metric; the message lists the known ones.
    """
    return look_up(METRICS, name, "metric", UnknownMetricError)
