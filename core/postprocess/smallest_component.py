"""Smallest component: what is smaller than a lesion is removed."""

from __future__ import annotations

from collections.abc import Sequence

from core.postprocess.components import at_least, components_of
from core.postprocess.spec import Bits, LeastArguments, Spacing, StepSpec, each_region


class SmallestComponentArguments(LeastArguments):
    """Arguments of the smallest component."""


def drop_small(
    bits: Bits, chosen: Sequence[int], arguments: SmallestComponentArguments, spacing_mm: Spacing | None
) -> Bits:
    """Remove the 26-connected components of each region that are smaller than the least size.

    Args:
        bits: (x, y, z) uint8 region bits.
        chosen: the bits to clean.
        arguments: the least size that is kept.
        spacing_mm: edge lengths of a voxel, or None without geometry: then `voxels` counts, and where only ml is
            given nothing is removed.

    Returns:
        New bits. Empty masks stay empty, and a region whose every component is small becomes so.

    Reference: A. Rosenfeld and J. L. Pfaltz, Sequential operations in digital picture processing, J. ACM 13, 1966.
    """
    least = arguments.on(spacing_mm)
    return bits.copy() if least <= 1 else each_region(bits, chosen, lambda mask: at_least(*components_of(mask), least))


SMALLEST_COMPONENT = StepSpec(
    name="smallest_component",
    title="Smallest component",
    definition="Components of a region (26 neighbours) below a volume in ml are removed; below a number of voxels "
    "where the image has no voxel sizes.",
    citation="Rosenfeld and Pfaltz, J. ACM 13, 1966",
    effect="removes",
    arguments=SmallestComponentArguments,
    function=drop_small,
    words=lambda arguments: f"components below {arguments} removed",
    small={"ml": 0.02, "voxels": 8},
)
