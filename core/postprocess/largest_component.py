"""Largest component: of each region one piece is kept."""

from __future__ import annotations

from collections.abc import Sequence

from core.arguments import Arguments
from core.postprocess.components import components_of
from core.postprocess.spec import Bits, Mask, Spacing, StepSpec, each_region


class LargestComponentArguments(Arguments):
    """The largest component takes no arguments."""


def keep_largest(
    bits: Bits,
    chosen: Sequence[int],
    arguments: LargestComponentArguments,  # noqa: ARG001
    spacing_mm: Spacing | None,  # noqa: ARG001
) -> Bits:
    """Keep the 26-connected component of each region that has the most voxels; of equals the first.

    Args:
        bits: (x, y, z) uint8 region bits.
        chosen: the bits to clean.
        arguments: none.
        spacing_mm: does not matter, for all voxels are of one size.

    Returns:
        New bits. Empty masks stay empty.

    Reference: A. Rosenfeld and J. L. Pfaltz, Sequential operations in digital picture processing, J. ACM 13, 1966.
    """
    return each_region(bits, chosen, _largest)


def _largest(mask: Mask) -> Mask:
    labels, sizes = components_of(mask)
    if len(sizes) == 2:
        return mask
    largest: Mask = labels == 1 + sizes[1:].argmax()
    return largest


LARGEST_COMPONENT = StepSpec(
    name="largest_component",
    title="Largest component only",
    definition="Of each region the component (26 neighbours) with the most voxels is kept; of equals the first.",
    citation="Rosenfeld and Pfaltz, J. ACM 13, 1966",
    effect="removes",
    arguments=LargestComponentArguments,
    function=keep_largest,
    words=lambda _arguments: "the largest component alone kept",
)
