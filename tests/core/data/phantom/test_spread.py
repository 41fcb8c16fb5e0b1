from __future__ import annotations

import numpy as np
import pytest

from core.data.phantom.spread import FAR_MM, GREY_COST, travel_cost
from core.data.phantom.tissue import TissueMap

SHAPE = (40, 20, 20)


def brain_of(grey: np.ndarray, fluid: np.ndarray) -> TissueMap:
    """A block of brain, white where it is neither grey nor fluid."""
    size = grey.size
    inside = np.ones(SHAPE, bool)
    shares = {"grey": grey.ravel().astype(np.float32), "csf": fluid.ravel().astype(np.float32)}
    shares["white"] = 1 - shares["grey"] - shares["csf"]
    deep = np.full(size, np.float32(20))
    return TissueMap(inside, shares, deep, deep, deep, deep, (deep, deep, deep))


def cost_along_x(grey: np.ndarray, fluid: np.ndarray) -> np.ndarray:
    core = np.full(SHAPE, np.float32(-1))
    core[:4] = 1
    everything = np.arange(core.size)
    cost = travel_cost(brain_of(grey, fluid), everything, everything, core.ravel(), 60.0)
    return cost.reshape(SHAPE)[:, 10, 10]


def test_white_matter_costs_a_millimetre_per_millimetre() -> None:
    nothing = np.zeros(SHAPE)
    cost = cost_along_x(nothing, nothing)
    # voxel 3 is the last of the core; voxel 24's middle is 21 mm from that of voxel 3
    assert cost[2] == pytest.approx(0, abs=0.6)
    assert cost[25] - cost[15] == pytest.approx(10, abs=1e-3)


def test_grey_matter_costs_more() -> None:
    everywhere = np.ones(SHAPE)
    cost = cost_along_x(everywhere, np.zeros(SHAPE))
    assert cost[25] - cost[15] == pytest.approx(10 * GREY_COST, abs=1e-3)


def test_a_wall_of_fluid_is_walked_around() -> None:
    nothing, wall = np.zeros(SHAPE), np.zeros(SHAPE)
    wall[16:20] = 1
    shut = cost_along_x(nothing, wall)[30]
    wall[16:20, :4] = 0
    with_a_gap = cost_along_x(nothing, wall)[30]
    straight = cost_along_x(nothing, nothing)[30]
    assert straight < with_a_gap < 2 * straight < shut <= FAR_MM
