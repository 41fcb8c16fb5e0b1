"""Channels of any type and memory order become one array of the narrowest type that holds them exactly."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from core.data.stacking import stack_channels

SHAPE = (4, 3, 5)


def channel(dtype: Any, *values: float) -> np.ndarray:
    """Zeros, with these values at the end."""
    flat = np.zeros(60, dtype)
    flat[60 - len(values) :] = values
    return flat.reshape(SHAPE)


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        (np.bool_, True, np.int16),
        (np.uint8, 255, np.int16),
        (np.int16, -32768, np.int16),
        (np.uint16, 32767, np.int16),
        (np.uint16, 32768, np.int32),
        (np.int32, 40_000, np.int32),
        (np.uint32, 2**31, np.float32),
        (np.int64, -(2**31), np.int32),
        (np.uint64, 2**63, np.float32),
        (np.float32, 1500.0, np.int16),
        (np.float32, -32769.0, np.int32),
        (np.float64, 2.0**31, np.float32),
        (np.float32, 0.25, np.float32),
        (np.float16, 7.0, np.int16),
        (np.float64, np.nan, np.float32),
        (np.float32, np.inf, np.float32),
        (np.longdouble, 9.0, np.int16),
    ],
)
def test_the_narrowest_of_three_types_that_holds_every_value(dtype: Any, value: float, expected: type) -> None:
    channels = [channel(np.int8, -5, 5), channel(dtype, value)]
    stacked = stack_channels(channels)
    assert stacked.dtype == expected
    assert np.array_equal(stacked, np.stack([c.astype(expected) for c in channels]), equal_nan=True)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flip", [1, -1])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_memory_order_and_direction_do_not_matter(order: tuple[int, int, int], flip: int, dtype: Any) -> None:
    values = np.arange(60).reshape(SHAPE)
    stored = np.ascontiguousarray(values.transpose(order)[::flip]).astype(dtype)
    turned = stored[::flip].transpose(np.argsort(order))
    stacked = stack_channels([turned, values.astype(np.int16)])
    assert stacked.flags.c_contiguous
    assert np.array_equal(stacked, [values, values])


def test_a_picture_of_one_slice_is_stacked_too() -> None:
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    assert stack_channels([picture]).tolist() == [picture.tolist()]
