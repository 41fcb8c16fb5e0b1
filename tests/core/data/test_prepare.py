"""Preparing by hand: five voxels of two channels, background 0."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from core.data.prepare import PREPARINGS, Constants, Preparing, head_mask, measure_constants, prepare
from core.volume import Box, Grid, Volume

STORED = np.array([[0, 10, 20, 30, 40], [0, 100, 100, 0, 300]], np.int16).reshape(2, 5, 1, 1)


def volume(
    stored: npt.NDArray[np.int16] = STORED, slope: tuple[float, ...] = (1, 1), intercept: tuple[float, ...] = (0, 0)
) -> Volume:
    _, x, y, z = stored.shape
    return Volume(stored, ("a", "b"), slope, intercept, None, Grid((x, y, z)))


def prepared(method: Preparing, given: Volume) -> list[list[float]]:
    constants = measure_constants(given, Box.whole(given.shape))
    return prepare(given.voxels, constants, given.modalities, method).reshape(2, -1).tolist()


@pytest.mark.parametrize(
    ("method", "first", "second"),
    [
        # 10-40 and 100-300 onto 0-1
        ("minmax", [0, 0, 1 / 3, 2 / 3, 1], [0, 0, 0, 0, 1]),
        # 10-300 onto 0-1 for both
        ("minmax-joint", [0, 0, 10 / 290, 20 / 290, 30 / 290], [0, 90 / 290, 90 / 290, 0, 1]),
        # mean 25, sd sqrt(125); mean 500 / 3, sd sqrt(80000 / 9)
        (
            "zscore",
            [0, -15 / 125**0.5, -5 / 125**0.5, 5 / 125**0.5, 15 / 125**0.5],
            [0, -(0.5**0.5), -(0.5**0.5), 0, 2**0.5],
        ),
    ],
)
def test_each_method_by_hand(method: Preparing, first: list[float], second: list[float]) -> None:
    found = prepared(method, volume())
    assert found[0] == pytest.approx(first, abs=1e-6)
    assert found[1] == pytest.approx(second, abs=1e-6)


def test_robust_minmax_spans_half_a_per_cent_from_either_end_and_clips_the_rest() -> None:
    """Over 1 to 201 the percentiles 0.5 and 99.5 are 2 and 200."""
    stored = np.tile(np.arange(202, dtype=np.int16).reshape(1, 202, 1, 1), (2, 1, 1, 1))
    found = prepared("minmax-robust", volume(stored))[0]
    assert found[1:4] == pytest.approx([0, 0, 1 / 198])
    assert found[199:202] == pytest.approx([197 / 198, 1, 1])


@pytest.mark.parametrize("method", PREPARINGS)
def test_background_stays_zero_and_nothing_is_changed_in_place(method: Preparing) -> None:
    before = STORED.copy()
    found = prepared(method, volume())
    assert found[0][0] == found[1][0] == found[1][3] == 0
    assert np.array_equal(STORED, before)


@pytest.mark.parametrize("method", PREPARINGS)
def test_a_scaled_file_is_prepared_like_the_values_it_stands_for(method: Preparing) -> None:
    """Stored 2v + 6 with slope 0.5 and intercept -3 is v, background included."""
    scaled = volume((2 * STORED + 6).astype(np.int16), (0.5, 0.5), (-3.0, -3.0))
    assert prepared(method, scaled) == prepared(method, volume())


@pytest.mark.parametrize("method", PREPARINGS)
@pytest.mark.parametrize("level", [0, 7])
def test_a_channel_without_contrast_stays_finite(method: Preparing, level: int) -> None:
    stored = STORED.copy()
    stored[1] = level
    assert np.isfinite(prepared(method, volume(stored))).all()


def test_constants_come_from_inside_the_box_only_and_survive_json() -> None:
    constants = measure_constants(volume(), Box((0, 0, 0), (3, 1, 1)))
    assert (constants.channels["a"].minimum, constants.channels["a"].maximum) == (10, 20)
    assert Constants.from_json(constants.to_json()) == constants


def test_the_head_is_wherever_any_channel_is_not_zero() -> None:
    stored = np.zeros((2, 4, 1, 1), np.int16)
    stored[0, 1] = 5
    stored[1, 3] = -5
    assert head_mask(volume(stored)).ravel().tolist() == [False, True, False, True]


def test_the_head_of_a_shifted_file_is_where_its_values_are_not_zero() -> None:
    stored = np.array([[100, 105], [100, 100]], np.int16).reshape(2, 2, 1, 1)
    assert head_mask(volume(stored, (1, 1), (-100, -100))).ravel().tolist() == [False, True]
