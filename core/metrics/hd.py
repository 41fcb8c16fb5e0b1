"""HD: how far the worst place of one surface is from the other."""

from __future__ import annotations

from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec

_DEFINITION = (
    "largest of all distances between 6-connected surface voxels, 4-connected in a single slice, in both directions; "
    "what lies beyond the image is background"
)
_CITATION = "Huttenlocher et al. 1993; surfaces as in MONAI's compute_hausdorff_distance"


def hd_mm(pair: RegionPair) -> float:
    """Return the largest surface distance of both directions, in mm.

    Raises:
        ValueError: a mask is empty or the image has no geometry; the policy answers there.

    Reference:
        D. P. Huttenlocher et al., Comparing images using the Hausdorff distance, IEEE TPAMI 15, 1993.
    """
    return max(float(directed.max()) for directed in pair.distances_mm)


def hd_px(pair: RegionPair) -> float:
    """Return the same in voxel steps, for images without geometry.

    Raises:
        ValueError: a mask is empty; the policy answers there.

    Reference:
        As for `hd_mm`.
    """
    return max(float(directed.max()) for directed in pair.distances_voxels)


HD_MM = MetricSpec(
    name="hd_mm",
    title="HD",
    unit="mm",
    direction="lower",
    kind="distance",
    definition=f"{_DEFINITION}; in mm of the real voxel spacing",
    citation=_CITATION,
    function=hd_mm,
    needs_geometry=True,
    without_geometry="hd_px",
)

HD_PX = MetricSpec(
    name="hd_px",
    title="HD",
    unit="voxels",
    direction="lower",
    kind="distance",
    definition=f"{_DEFINITION}; in voxel steps",
    citation=_CITATION,
    function=hd_px,
)
