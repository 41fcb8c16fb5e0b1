"""HD95 over surface elements: the percentile counts surface, not voxels."""

from __future__ import annotations

from core.metrics.hd95 import PERCENTILE
from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def hd95_elements_mm(pair: RegionPair) -> float:
    """Return the larger of the two directed distances within which 95 % of the surface lies, in mm.

    Raises:
        ValueError: a mask is empty or the image has no geometry; the policy answers there.

    Reference:
        S. Nikolov et al., Clinically applicable segmentation of head and neck anatomy for radiotherapy,
        J. Med. Internet Res. 23, 2021; the surface-distance package's compute_robust_hausdorff.
    """
    return max(pair.element_percentiles_mm(PERCENTILE))


HD95_ELEMENTS_MM = MetricSpec(
    name="hd95_elements_mm",
    title="HD95, by surface",
    unit="mm",
    direction="lower",
    kind="distance",
    definition="larger of the two directed distances within which 95 % of the surface lies (not interpolated), over "
    "the elements of marching cubes weighted by area, of marching squares weighted by length in a single slice",
    citation="Nikolov et al. 2021; as surface-distance's compute_robust_hausdorff and BraTS 2023",
    function=hd95_elements_mm,
    needs_geometry=True,
)
