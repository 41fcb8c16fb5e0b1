"""How far oedema has to travel: the cheapest way through white matter, around sulci and ventricles."""

from __future__ import annotations

import itertools

import numpy as np

from core.data.phantom.grid import COARSE_MM, refine
from core.data.phantom.noise import Field
from core.data.phantom.tissue import TissueMap
from core.data.phantom.traits import Lesion

# Cost of a millimetre relative to white matter.
GREY_COST = 3.0
FLUID_COST = 30.0
FAR_MM = 200.0


def travel_cost(brain: TissueMap, lesion: Lesion, near: np.ndarray, core: Field) -> Field:
    """Return the cost in mm of white matter from the tumour core to each voxel near it.

    Solved by relaxation over 18 neighbours on a 2 mm grid.

    Args:
        brain: the tissue map.
        lesion: the tumour.
        near: indices of the voxels near it, among those inside the head.
        core: distance into its core at those voxels, in mm.

    Returns:
        (len(near),) float32, 0 in the core, at most `FAR_MM`.
    """
    price = _on_grid(
        brain,
        near,
        1 + (GREY_COST - 1) * brain.shares["grey"][near] + (FLUID_COST - 1) * brain.shares["csf"][near],
        FLUID_COST,
    )
    start = _on_grid(brain, near, np.where(core > 0, np.float32(1), np.float32(0)), 0.0)
    box = tuple(slice(max(0, int(i.min()) // 2 - 1), int(i.max()) // 2 + 2) for i in _indices(brain, near))
    price, start = price[box], start[box]
    cost = np.where(start > 0.5, np.float32(0), np.float32(FAR_MM))
    for _ in range(int(lesion.oedema_mm * 1.2 / COARSE_MM) + 4):
        _relax(cost, price)
    whole = np.full(tuple(n // 2 for n in brain.inside.shape), np.float32(FAR_MM))
    whole[box] = cost
    return refine(whole)[brain.inside][near]


STEPS = [s for s in itertools.product((-1, 0, 1), repeat=3) if 0 < sum(map(abs, s)) < 3]


def _relax(cost: Field, price: Field) -> None:
    before = cost.copy()
    for step in STEPS:
        here = tuple(slice(max(0, s), n + min(0, s)) for s, n in zip(step, cost.shape, strict=True))
        there = tuple(slice(max(0, -s), n + min(0, -s)) for s, n in zip(step, cost.shape, strict=True))
        length = np.float32(COARSE_MM * sum(map(abs, step)) ** 0.5)
        np.minimum(cost[here], before[there] + length * price[here], out=cost[here])


def _indices(brain: TissueMap, near: np.ndarray) -> tuple[np.ndarray, ...]:
    return np.unravel_index(np.flatnonzero(brain.inside)[near], brain.inside.shape)


def _on_grid(brain: TissueMap, near: np.ndarray, values: Field, elsewhere: float) -> Field:
    """Average values given at voxels near the lesion over the 2 mm grid."""
    full = np.full(brain.inside.shape, np.float32(elsewhere))
    full[_indices(brain, near)] = values
    x, y, z = (n // 2 for n in full.shape)
    return full.reshape(x, 2, y, 2, z, 2).mean(axis=(1, 3, 5), dtype=np.float32)
