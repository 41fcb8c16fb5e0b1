"""Region consistency: a region lies inside the one that holds it, as enhancing tumour in core in whole tumour."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from pydantic import Field

from core.arguments import Arguments
from core.postprocess.spec import Bits, Spacing, StepSpec


class RegionConsistencyArguments(Arguments):
    """Arguments of region consistency."""

    way: Literal["cut", "widen"] = Field(
        "cut", description="`cut`: the smaller region loses what sticks out. `widen`: the larger one gains it."
    )


def make_consistent(
    bits: Bits,
    chosen: Sequence[int],
    arguments: RegionConsistencyArguments,
    spacing_mm: Spacing | None,  # noqa: ARG001
) -> Bits:
    """Make each region lie inside the one before it.

    Args:
        bits: (x, y, z) uint8 region bits.
        chosen: the bits of the regions, the outermost first.
        arguments: whether the smaller region is cut to the larger or the larger is widened.
        spacing_mm: does not matter.

    Returns:
        New bits. Cut to an empty region, those inside it become empty too.

    Reference: Bakas et al. Identifying the Best Machine Learning Algorithms for Brain Tumor Segmentation.
    arXiv:1811.02629, 2018 (whole tumour holds the core, the core the enhancing tumour).
    """
    out = bits.copy()
    one = np.uint8(1)
    if arguments.way == "cut":
        for outer, inner in pairwise(chosen):
            out &= np.uint8(255 ^ (1 << inner)) | (out >> outer & one) << inner
    else:
        for inner, outer in pairwise(reversed(chosen)):
            out |= (out >> inner & one) << outer
    return out


REGION_CONSISTENCY = StepSpec(
    name="region_consistency",
    title="Region consistency",
    definition="Each region lies inside the one before it, in the order of the regions: the smaller is cut to the "
    "larger, or the larger widened to hold the smaller.",
    citation="Bakas et al. 2018",
    effect="either",
    arguments=RegionConsistencyArguments,
    function=make_consistent,
    words=lambda arguments: (
        "regions cut to the one that holds them"
        if arguments.way == "cut"
        else "regions widened to hold those inside them"
    ),
    nested=True,
)
