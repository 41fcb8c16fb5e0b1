"""Statistics from counts are those of the voxels written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.data.counting import Counted, counted
from core.data.prepare import measure_constants
from core.volume import Box, Grid, Volume

INTEGERS = hnp.arrays(
    st.sampled_from([np.int16, np.uint8, np.int32]),
    hnp.array_shapes(min_dims=3, max_dims=3, max_side=6),
    elements=st.integers(0, 200),
)


@given(INTEGERS)
def test_percentiles_are_numpys_to_the_last_bit(stored: np.ndarray) -> None:
    found = counted(stored)
    assert found is not None
    percents = (0, 0.5, 33.3, 50, 99.5, 100)
    assert found.percentiles(percents) == np.percentile(stored.astype(np.float64), percents).tolist()
    assert found.size == stored.size


@given(INTEGERS, st.sampled_from([1.0, 0.363, -2.0]), st.sampled_from([0.0, -5.0]))
def test_the_constants_of_a_case_are_those_of_its_values(stored: np.ndarray, slope: float, intercept: float) -> None:
    shape = stored.shape
    volume = Volume(stored[None], ("t2f",), (slope,), (intercept,), None, Grid(shape))
    (found,) = measure_constants(volume, Box.whole(shape)).channels.values()
    values = volume.values(0)
    inside = values[values != 0].astype(np.float64)
    if not inside.size:
        assert (found.mean, found.sd) == (0.0, 1.0)
        return
    assert (found.minimum, found.maximum) == (inside.min(), inside.max())
    assert (found.low, found.high) == tuple(np.percentile(inside, (0.5, 99.5)))
    assert found.mean == pytest.approx(inside.mean(), rel=1e-12, abs=1e-12)
    assert found.sd == pytest.approx(inside.std() or 1.0, rel=1e-9, abs=1e-9)


def test_by_hand() -> None:
    """1, 1, 1, 5: mean 2, sd root of (3 x 1 + 9) / 4, median 1, and 100 times 5 is the largest."""
    found = Counted(np.array([1.0, 5.0]), np.array([3, 1]))
    assert (found.mean, found.sd) == (2.0, np.sqrt(3))
    assert found.percentiles((50, 100)) == [1.0, 5.0]


@pytest.mark.parametrize(
    "stored",
    [np.zeros((2, 2), np.float32), np.array([[0, 1 << 21]], np.int32), np.empty((0, 3), np.int16)],
    ids=["reals", "too far apart", "nothing"],
)
def test_what_is_not_counted(stored: np.ndarray) -> None:
    assert counted(stored) is None
