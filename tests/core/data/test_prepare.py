"""Preparing by hand: five voxels of two channels, background 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.data.body import body_mask
from core.data.prepare import PREPARINGS, Constants, Preparing, head_mask, measure_constants, prepare
from core.data.store import slice_case
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


def test_a_window_is_scaled_to_0_and_1_and_clipped_and_zero_is_no_background() -> None:
    """Stored 1024 higher than Hounsfield units: -160 to 240 HU, water in the middle of it at 0.4."""
    stored = (np.array([-1024, -160, 0, 40, 240, 3000]) + 1024).astype(np.int16).reshape(1, 6, 1, 1)
    scan = Volume(stored, ("ct",), (1,), (-1024,), None, Grid((6, 1, 1)))
    constants = measure_constants(scan, Box.whole(scan.shape))
    found = prepare(stored, constants, ("ct",), "window", (-160, 240))
    assert found.dtype == np.float32
    assert found.ravel().tolist() == pytest.approx([0, 0, 0.4, 0.5, 1, 1])


def test_a_body_is_the_largest_part_that_is_not_air_and_its_lungs_are_filled() -> None:
    """A box of tissue with a hole of air, and a table beneath it; noise in the air."""
    hu = np.full((20, 20, 6), -1000, np.int16)
    hu[4:16, 6:16, 1:5] = 40
    hu[8:11, 9:12, 1:5] = -800  # a lung
    hu[2:18, 1, :] = 0  # the table
    hu[1, 18, 2] = -200  # noise
    body = body_mask(hu, 1.0, 0.0)
    assert body is not None
    expected = np.zeros(hu.shape, bool)
    expected[4:16, 6:16, 1:5] = True
    assert np.array_equal(body, expected)
    assert np.array_equal(head_mask(Volume(hu[None], ("ct",), (1,), (0,), None, Grid((20, 20, 6)))), expected)
    # stored unsigned, as many scanners do
    assert np.array_equal(body_mask((hu + 1024).astype(np.uint16), 1.0, -1024.0), expected)


def test_a_fine_grid_is_thinned_and_the_body_moves_by_less_than_a_step() -> None:
    hu = np.full((600, 20, 4), -1000, np.int16)
    hu[101:400, 3:17] = 30
    body = body_mask(hu, 1.0, 0.0)
    assert body is not None
    assert body.shape == hu.shape
    rows = np.flatnonzero(body.any(axis=(1, 2)))
    assert abs(rows[0] - 101) < 3
    assert abs(rows[-1] - 399) < 3


@pytest.mark.parametrize("level", [-1000, 40])
def test_where_all_is_air_or_nothing_is_there_is_no_body(level: int) -> None:
    assert body_mask(np.full((4, 4, 2), level, np.int16), 1.0, 0.0) is None


def test_the_body_of_a_real_ct(real_data: Path) -> None:
    """A trunk on its table: the reference organs lie inside, the table's air does not."""
    import nibabel

    folder = real_data / "nifti_oddities" / "ct_multi_organ"
    hu = np.asarray(nibabel.load(folder / "example_ct_sm.nii.gz").dataobj)
    organs = np.asarray(nibabel.load(folder / "example_seg.nii.gz").dataobj) > 0
    body = body_mask(hu, 1.0, 0.0)
    assert body is not None
    assert body[organs].mean() > 0.995, "lungs included"
    assert 0.35 < body.mean() < 0.75
    assert (hu[~body] < -300).mean() > 0.9
    scan = Volume(hu[None], ("ct",), (1,), (0,), None, Grid(hu.shape))
    sliced = slice_case("x", scan, None, "axial")
    assert sliced.box.size < 0.9 * hu.size
    fed = sliced.prepared(np.arange(len(sliced.slices)), ("ct",), "window", (-160.0, 240.0))
    inside = sliced.box.crop(hu).transpose(2, 0, 1)[:, None]
    assert np.allclose(fed, np.clip((inside + 160) / 400, 0, 1), atol=1e-6)
