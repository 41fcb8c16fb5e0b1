"""Opening: what is too thin to hold a ball is removed."""

from __future__ import annotations

from collections.abc import Sequence

from core.postprocess.ball import dilated, eroded
from core.postprocess.spec import Bits, Mask, RadiusArguments, Spacing, StepSpec, each_region


class OpeningArguments(RadiusArguments):
    """Arguments of the opening."""


def open_by_ball(bits: Bits, chosen: Sequence[int], arguments: OpeningArguments, spacing_mm: Spacing | None) -> Bits:
    """Keep of each region what a ball covers that moves inside it: bridges, whiskers and specks go.

    What is outside the image does not wear a region away, and a single slice is opened as a plane.

    Args:
        bits: (x, y, z) uint8 region bits.
        chosen: the bits to clean.
        arguments: the radius of the ball.
        spacing_mm: edge lengths of a voxel, or None without geometry: then the radius in voxels counts, and where
            only mm are given nothing happens.

    Returns:
        New bits. Empty masks stay empty, and a region that no ball fits into becomes so.

    Reference: P. Soille, Morphological Image Analysis, 2nd ed., 2004: opening.
    """
    if (found := arguments.on(spacing_mm)) is None:
        return bits.copy()
    radius, spacing = found

    def opened(mask: Mask) -> Mask:
        return mask & dilated(eroded(mask, radius, spacing), radius, spacing)

    return each_region(bits, chosen, opened)


OPENING = StepSpec(
    name="opening",
    title="Opening",
    definition="Of each region only what a ball of this radius in mm covers that lies inside it is kept.",
    citation="Soille 2004",
    effect="removes",
    arguments=OpeningArguments,
    function=open_by_ball,
    words=lambda arguments: f"opened by a ball of {arguments}",
    small={"mm": 1.0, "voxels": 1},
)
