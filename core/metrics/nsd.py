"""NSD: the share of two surfaces that agree within a tolerance."""

from __future__ import annotations

from core.metrics.case_masks import TOLERANCE_MM
from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def nsd(pair: RegionPair) -> float:
    """Return the surface of both masks that is within the pair's tolerance of the other, divided by all of it.

    Raises:
        ValueError: the image has no geometry.
        ZeroDivisionError: both masks are empty; the policy answers there.

    Reference:
        S. Nikolov et al., Clinically applicable segmentation of head and neck anatomy for radiotherapy,
        J. Med. Internet Res. 23, 2021: surface Dice at a tolerance.
    """
    both = list(zip(pair.elements, pair.elements_agree, strict=True))
    agreeing = sum(float(elements.sizes[agree].sum()) for elements, agree in both)
    return agreeing / sum(float(elements.sizes.sum()) for elements, _ in both)


NSD = MetricSpec(
    name="nsd",
    title="NSD",
    unit="",
    direction="higher",
    kind="overlap",
    definition="surface of both masks within the tolerance of the other mask's surface, divided by all surface of "
    "both; over the elements of marching cubes weighted by area, of marching squares weighted by length in a single "
    f"slice; tolerance {TOLERANCE_MM:g} mm unless another is asked for (`nsd_tolerance_mm`)",
    citation="Nikolov et al. 2021; as surface-distance's compute_surface_dice_at_tolerance",
    function=nsd,
    needs_geometry=True,
)
