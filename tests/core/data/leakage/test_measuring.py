"""What is measured again from the store is what preparing measured."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from core.data.leakage.measuring import measure, measure_stored, same_constants
from core.data.prepare import measure_constants
from core.data.store import open_case
from core.volume import Box, Grid, Volume
from tests.core.data.leakage.conftest import Array, stored


def test_five_voxels_by_hand() -> None:
    """0 is background; of 2, 4, 6, 8 the mean is 5, the sd root 5, and 0.5 % of the way to the end is 2.03."""
    found = measure(np.array([0, 4, 2, 8, 6], np.int16), 1.0, 0.0)
    assert found["mean"] == 5
    assert found["sd"] == pytest.approx(5**0.5)
    assert (found["minimum"], found["maximum"]) == (2, 8)
    assert (found["low"], found["high"]) == (pytest.approx(2.03), pytest.approx(7.97))


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32])
@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -3.0)])
def test_it_is_what_preparing_measures(dtype: type, slope: float, intercept: float) -> None:
    rng = np.random.default_rng(0)
    voxels = rng.normal(300, 80, (1, 20, 18, 9)).astype(dtype)
    voxels[:, :4] = 0
    grid = Grid((20, 18, 9), np.eye(4))
    volume = Volume(voxels, ("t1n",), (slope,), (intercept,), grid.geometry(), grid)
    expected = asdict(measure_constants(volume, Box.whole(volume.shape)).channels["t1n"])
    for name, value in measure(voxels, slope, intercept).items():
        assert value == pytest.approx(expected[name], rel=1e-6), name


def test_of_a_stored_case_it_is_what_the_store_keeps(tmp_path: Path, heads: dict[str, Array]) -> None:
    stored(tmp_path, "p0", heads["p0"])
    case = open_case(tmp_path / "p0", "axial")
    assert same_constants(case.constants, measure_stored(case))
    assert not same_constants(case.constants, measure_stored(stored(tmp_path, "p1", heads["p1"])))


def test_nothing_but_background_is_measured_as_preparing_does() -> None:
    assert measure(np.zeros((2, 3), np.int16), 1.0, 0.0)["sd"] == 1.0
