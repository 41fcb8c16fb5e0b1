"""Closing: gaps too narrow for a ball are filled."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np

from core.postprocess.ball import dilated, eroded
from core.postprocess.spec import Bits, Mask, RadiusArguments, Spacing, StepSpec, each_region


class ClosingArguments(RadiusArguments):
    """Arguments of the closing."""


def close_by_ball(bits: Bits, chosen: Sequence[int], arguments: ClosingArguments, spacing_mm: Spacing | None) -> Bits:
    """Add to each region the background that no ball outside it reaches: cracks, notches and narrow gaps.

    Beyond the image everything is background, so that no region is drawn towards its border; a single slice is closed
    as a plane.

    Args:
        bits: (x, y, z) uint8 region bits.
        chosen: the bits to clean.
        arguments: the radius of the ball.
        spacing_mm: edge lengths of a voxel, or None without geometry: then the radius in voxels counts, and where
            only mm are given nothing happens.

    Returns:
        New bits. Empty masks stay empty.

    Reference: P. Soille, Morphological Image Analysis, 2nd ed., 2004: closing.
    """
    if (found := arguments.on(spacing_mm)) is None:
        return bits.copy()
    radius, spacing = found
    return each_region(bits, chosen, lambda mask: mask | _closed(mask, radius, spacing))


def _closed(mask: Mask, radius: float, spacing: Spacing) -> Mask:
    room = [0 if n == 1 else ceil(radius / step) + 1 for n, step in zip(mask.shape, spacing, strict=True)]
    padded = np.pad(mask, [(each, each) for each in room])
    closed = eroded(dilated(padded, radius, spacing), radius, spacing)
    inner: Mask = closed[tuple(slice(each, each + n) for each, n in zip(room, mask.shape, strict=True))]
    return inner


CLOSING = StepSpec(
    name="closing",
    title="Closing",
    definition="Background of each region that a ball of this radius in mm cannot reach without touching it is added.",
    citation="Soille 2004",
    effect="adds",
    arguments=ClosingArguments,
    function=close_by_ball,
    words=lambda arguments: f"closed by a ball of {arguments}",
    small={"mm": 1.0, "voxels": 1},
)
