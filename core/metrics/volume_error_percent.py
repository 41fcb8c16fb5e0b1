"""Relative volume error: how much too much or too little, in percent of the reference."""

from __future__ import annotations

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec, NothingToScoreError


def volume_error_percent(pair: RegionPair) -> float:
    """Return 100 * |predicted volume - reference volume| / reference volume.

    Empty masks: an empty prediction is 100 % wrong.

    Raises:
        NothingToScoreError: the reference is empty.

    Reference:
        A. A. Taha and A. Hanbury, Metrics for evaluating 3D medical image segmentation,
        BMC Medical Imaging 15, 2015: volumetric distance, here divided by the reference's volume alone.
    """
    counts = pair.confusion
    if counts.reference_voxels == 0:
        raise NothingToScoreError("the reference is empty, and nothing is a percentage of it")
    return 100 * abs(counts.prediction_voxels - counts.reference_voxels) / counts.reference_voxels


VOLUME_ERROR_PERCENT = MetricSpec(
    name="volume_error_percent",
    title="Volume error",
    unit="%",
    direction="lower",
    kind="volume",
    definition="absolute difference between predicted and reference volume in percent of the reference's",
    citation="Taha and Hanbury 2015",
    function=volume_error_percent,
)
