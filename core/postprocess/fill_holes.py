"""Fill holes: background that a region surrounds becomes part of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from core.arguments import Arguments
from core.postprocess.spec import Bits, Mask, Spacing, StepSpec, each_region, wide_axes

AXIAL = 2


class FillHolesArguments(Arguments):
    """Arguments of filling holes."""

    per_slice: bool = Field(
        default=False, description="Fill what is surrounded within an axial slice, though it be open above or below."
    )


def fill_holes(
    bits: Bits,
    chosen: Sequence[int],
    arguments: FillHolesArguments,
    spacing_mm: Spacing | None,  # noqa: ARG001
) -> Bits:
    """Fill the holes of each region: background from which no path over faces leads out.

    A way out is the border of the array; of a single slice its four sides. Paths go over faces, because masks are
    connected over corners too.

    Args:
        bits: (x, y, z) uint8 region bits.
        chosen: the bits to clean.
        arguments: in 3D, or each axial slice by itself.
        spacing_mm: does not matter.

    Returns:
        New bits. Empty masks stay empty.

    Reference: P. Soille, Morphological Image Analysis, 2nd ed., 2004: fillhole.
    """
    return each_region(bits, chosen, lambda mask: mask | _holes(mask, arguments.per_slice))


def _holes(mask: Mask, per_slice: bool) -> Mask:
    from scipy.ndimage import generate_binary_structure, label

    faces = generate_binary_structure(3, 1)
    if per_slice:
        faces[..., [0, 2]] = False
    background, count = label(~mask, faces)
    is_open = np.zeros(count + 1, bool)
    is_open[0] = True  # the mask itself
    for axis in wide_axes(mask.shape):
        if axis != AXIAL or not per_slice:
            for end in (0, -1):
                is_open[np.take(background, end, axis=axis)] = True
    holes: Mask = ~is_open[background]
    return holes


FILL_HOLES = StepSpec(
    name="fill_holes",
    title="Fill holes",
    definition="Background that a region surrounds on all sides (6 neighbours) becomes part of it: in 3D, or per axial "
    "slice (4 neighbours).",
    citation="Soille 2004",
    effect="adds",
    arguments=FillHolesArguments,
    function=fill_holes,
    words=lambda arguments: f"holes filled{' slice by slice' if arguments.per_slice else ''}",
)
