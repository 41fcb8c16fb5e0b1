"""How far oedema has to travel: the cheapest way through white matter, around sulci and ventricles."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.phantom.grid import COARSE_MM, refine
from core.data.phantom.noise import Field
from core.data.phantom.tissue import TissueMap

# Cost of a millimetre relative to white matter.
GREY_COST = 3.0
FLUID_COST = 30.0
# What lies outside the head, or further than anyone asks.
FAR_MM = 200.0
# To the faces and edges of a voxel's cube.
STEPS = tuple(s for s in itertools.product((-1, 0, 1), repeat=3) if 0 < sum(map(abs, s)) < 3)


def travel_cost(
    brain: TissueMap, near: npt.NDArray[np.intp], voxels: npt.NDArray[np.intp], core: Field, reach_mm: float
) -> Field:
    """Return the cost, in mm of white matter, of the way from a tumour core to each voxel near it.

    The cheapest way over the 18 neighbours of each voxel of a 2 mm grid, by relaxation.

    Args:
        brain: the tissue map.
        near: indices of the voxels near the core, among those inside the head.
        voxels: the same voxels' indices in the whole 1 mm grid.
        core: distance into the core at those voxels, in mm.
        reach_mm: costs above this may be too high.

    Returns:
        (len(near),) float32, 0 in the core, at most `FAR_MM`.
    """
    where = np.unravel_index(voxels, brain.inside.shape)
    # an even first corner, so that the two grids stay aligned
    start = [max(0, int(i.min()) // 2 - 1) * 2 for i in where]
    shape = [min(n, (int(i.max()) // 2 + 2) * 2) - a for i, a, n in zip(where, start, brain.inside.shape, strict=True)]
    local = tuple(i - a for i, a in zip(where, start, strict=True))

    fluid = np.where(brain.cerebrum_mm[near] < 0, np.float32(1), brain.shares["csf"][near])
    grey = brain.shares["grey"][near]
    price_per_mm = np.asarray(1 + (GREY_COST - 1) * grey + (FLUID_COST - 1) * fluid, np.float32)
    price = _halved(price_per_mm, local, shape, FLUID_COST)
    inside = _halved((core > 0).astype(np.float32), local, shape, 0.0) > 0.5
    cost = np.where(inside, np.float32(0), np.float32(FAR_MM))
    for _ in range(int(reach_mm / COARSE_MM) + 4):
        _relax(cost, price)
    return refine(cost)[local]


def _relax(cost: Field, price: Field) -> None:
    before = cost.copy()
    for step in STEPS:
        here = tuple(slice(max(0, s), n + min(0, s)) for s, n in zip(step, cost.shape, strict=True))
        there = tuple(slice(max(0, -s), n + min(0, -s)) for s, n in zip(step, cost.shape, strict=True))
        length = np.float32(COARSE_MM * sum(map(abs, step)) ** 0.5)
        np.minimum(cost[here], before[there] + length * price[here], out=cost[here])


def _halved(values: Field, local: tuple[Any, ...], shape: list[int], elsewhere: float) -> Field:
    """Put values on a 1 mm grid and average it over cubes of 2 mm."""
    full = np.full(shape, np.float32(elsewhere))
    full[local] = values
    x, y, z = shape
    return np.asarray(full.reshape(x // 2, 2, y // 2, 2, z // 2, 2).mean(axis=(1, 3, 5)), np.float32)
