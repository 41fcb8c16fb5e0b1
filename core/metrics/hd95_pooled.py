"""HD95 as some tools define it: one percentile of the distances of both directions."""

from __future__ import annotations

import numpy as np

from core.metrics.hd95 import PERCENTILE
from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def hd95_pooled_mm(pair: RegionPair) -> float:
    """Return the 95th percentile of all surface distances of both directions together, in mm.

    Raises:
        ValueError: a mask is empty or the image has no geometry; the policy answers there.

    Reference:
        O. Maier et al., MedPy: its `hd95`. The longer surface has the larger say, where `hd95_mm` takes the worse one.
    """
    return float(np.percentile(np.concatenate(pair.distances_mm), PERCENTILE))


HD95_POOLED_MM = MetricSpec(
    name="hd95_pooled_mm",
    title="HD95, pooled",
    unit="mm",
    direction="lower",
    kind="distance",
    definition="95th percentile (linear interpolation) of the distances between 6-connected surface voxels of both "
    "directions taken together, 4-connected in a single slice; in mm of the real voxel spacing",
    citation="as MedPy's hd95 and panoptica's",
    function=hd95_pooled_mm,
    needs_geometry=True,
)
