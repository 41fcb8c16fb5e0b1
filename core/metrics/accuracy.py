"""Accuracy: the share of voxels that are right, most of them background."""

from __future__ import annotations

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def accuracy(pair: RegionPair) -> float:
    """Return (TP + TN) / (TP + TN + FP + FN).

    Empty masks: defined for both.

    Reference:
        A. A. Taha and A. Hanbury, Metrics for evaluating 3D medical image segmentation,
        BMC Medical Imaging 15, 2015.
    """
    counts = pair.confusion
    return (counts.true_positive + counts.true_negative) / counts.voxels


def background_accuracy(pair: RegionPair) -> dict[str, float]:
    """Return the accuracy of an answer without a single voxel: the share of background in the reference."""
    counts = pair.confusion
    return {"background_accuracy": 1 - counts.reference_voxels / counts.voxels}


ACCURACY = MetricSpec(
    name="accuracy",
    title="Accuracy",
    unit="",
    direction="higher",
    kind="background",
    definition="(TP + TN) / all voxels of the image; beside it `background_accuracy`, what an empty mask would score",
    citation="Taha and Hanbury 2015",
    function=accuracy,
    beside=background_accuracy,
)
