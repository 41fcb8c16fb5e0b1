"""Cleaning a mask up: steps one after the other, on the box around what there is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.postprocess.spec import Bits, Spacing
from core.postprocess.step import Step
from core.volume import Box


def clean(
    bits: Bits,
    regions: Sequence[str],
    spacing_mm: Spacing | None,
    steps: Sequence[Step],
    class_bits: Sequence[int] = (),
) -> Bits:
    """Apply steps to a mask, in order.

    Args:
        bits: (X, Y, Z) uint8 of the whole image in RAS+, bit r set where region r is; not written to.
        regions: the name of each bit.
        spacing_mm: edge lengths of a voxel in mm, or None for images without geometry: sizes in voxels count there,
            and a step that has its size in mm or ml alone does nothing.
        steps: what to do; a region that a step names and the mask has not is passed over.
        class_bits: the region bits of each exclusive class, or nothing where regions overlap. A voxel that a step
            would leave in regions that no class has stays as it was before that step.

    Returns:
        (X, Y, Z) uint8. An empty mask stays empty, and without steps the mask itself is returned.

    Raises:
        ArgumentError, UnknownStepError: a step is not one of `POSTPROCESS`, or its arguments are not its own.
    """
    if not steps or (box := Box.around(bits != 0)) is None:
        return bits
    room = with_border(box, bits.shape)
    part = np.ascontiguousarray(room.crop(bits))
    for step in steps:
        after = step.spec.function(part, step.chosen(regions), step.parsed, spacing_mm)
        if class_bits:
            after = np.where(np.isin(after, np.asarray(class_bits, np.uint8)), after, part)
        part = after
    out = np.zeros(bits.shape, np.uint8)
    room.crop(out)[...] = part
    return out


def with_border(box: Box, shape: Sequence[int]) -> Box:
    """Return a box with one voxel more on every side where the image goes on: all that any step has to see of it."""
    x, y, z = (max(0, a - 1) for a in box.start)
    i, j, k = (min(n, b + 1) for n, b in zip(shape, box.stop, strict=True))
    return Box((x, y, z), (i, j, k))
