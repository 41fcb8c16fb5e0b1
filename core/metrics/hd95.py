"""HD95: how far apart two surfaces are, their worst five percent left aside."""

from __future__ import annotations

import numpy as np

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec
from core.metrics.surface import Distances

PERCENTILE = 95
_DEFINITION = (
    "larger of the two directed 95th percentiles (linear interpolation) of the distances between 6-connected "
    "surface voxels, 4-connected in a single slice; what lies beyond the image is background"
)
_CITATION = "Huttenlocher et al. 1993; surfaces and percentile as in MONAI's compute_hausdorff_distance"


def hd95_mm(pair: RegionPair) -> float:
    """Return the larger of the two directed 95th percentiles of the surface distances, in mm.

    Raises:
        ValueError: a mask is empty or the image has no geometry; the policy answers there.

    Reference:
        D. P. Huttenlocher et al., Comparing images using the Hausdorff distance, IEEE TPAMI 15, 1993;
        the percentile taken in each direction first, then the maximum, as MONAI does.
    """
    return _larger_percentile(pair.distances_mm)


def hd95_px(pair: RegionPair) -> float:
    """Return the same in voxel steps, for images without geometry.

    Raises:
        ValueError: a mask is empty; the policy answers there.

    Reference:
        As for `hd95_mm`.
    """
    return _larger_percentile(pair.distances_voxels)


def _larger_percentile(directed: tuple[Distances, Distances]) -> float:
    return max(float(np.percentile(distances, PERCENTILE)) for distances in directed)


HD95_MM = MetricSpec(
    name="hd95_mm",
    title="HD95",
    unit="mm",
    direction="lower",
    kind="distance",
    definition=f"{_DEFINITION}; in mm of the real voxel spacing",
    citation=_CITATION,
    function=hd95_mm,
    needs_geometry=True,
    without_geometry="hd95_px",
)

HD95_PX = MetricSpec(
    name="hd95_px",
    title="HD95",
    unit="voxels",
    direction="lower",
    kind="distance",
    definition=f"{_DEFINITION}; in voxel steps",
    citation=_CITATION,
    function=hd95_px,
)
