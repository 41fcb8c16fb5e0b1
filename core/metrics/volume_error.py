"""Volume error: how many millilitres too much or too little."""

from __future__ import annotations

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def volume_error_ml(pair: RegionPair) -> float:
    """Return |predicted volume - reference volume| in ml; an empty mask counts 0 ml.

    Raises:
        ValueError: the image has no geometry.

    Reference:
        A. A. Taha and A. Hanbury, Metrics for evaluating 3D medical image segmentation,
        BMC Medical Imaging 15, 2015: volumetric distance, not divided by the volumes.
    """
    if pair.geometry is None:
        raise ValueError("found no geometry, expected voxel sizes in mm; volumes in ml need them")
    counts = pair.confusion
    return abs(counts.prediction_voxels - counts.reference_voxels) * pair.geometry.voxel_ml


VOLUME_ERROR_ML = MetricSpec(
    name="volume_error_ml",
    title="Volume error",
    unit="ml",
    direction="lower",
    kind="volume",
    definition="absolute difference between predicted and reference volume in ml",
    citation="Taha and Hanbury 2015",
    function=volume_error_ml,
    needs_geometry=True,
)
