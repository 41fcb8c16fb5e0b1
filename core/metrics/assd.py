"""ASSD: how far apart two surfaces are on average."""

from __future__ import annotations

import numpy as np

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec
from core.metrics.surface import Distances

_DEFINITION = (
    "mean of the distances between 6-connected surface voxels (4-connected in a single slice) of both directions "
    "taken together; what lies beyond the image is background"
)
_CITATION = "Heimann et al. 2009; as MONAI's compute_average_surface_distance, symmetric"


def assd_mm(pair: RegionPair) -> float:
    """Return the mean surface distance of both directions together, in mm.

    Raises:
        ValueError: a mask is empty or the image has no geometry; the policy answers there.

    Reference:
        T. Heimann et al., Comparison and evaluation of methods for liver segmentation from CT datasets,
        IEEE TMI 28, 2009.
    """
    return _mean(pair.distances_mm)


def assd_px(pair: RegionPair) -> float:
    """Return the same in voxel steps, for images without geometry.

    Raises:
        ValueError: a mask is empty; the policy answers there.

    Reference:
        As for `assd_mm`.
    """
    return _mean(pair.distances_voxels)


def _mean(directed: tuple[Distances, Distances]) -> float:
    return float(np.mean(np.concatenate(directed)))


ASSD_MM = MetricSpec(
    name="assd_mm",
    title="ASSD",
    unit="mm",
    direction="lower",
    kind="distance",
    definition=f"{_DEFINITION}; in mm of the real voxel spacing",
    citation=_CITATION,
    function=assd_mm,
    needs_geometry=True,
    without_geometry="assd_px",
)

ASSD_PX = MetricSpec(
    name="assd_px",
    title="ASSD",
    unit="voxels",
    direction="lower",
    kind="distance",
    definition=f"{_DEFINITION}; in voxel steps",
    citation=_CITATION,
    function=assd_px,
)
