"""A ramp tells where every voxel lies: linear interpolation leaves it a ramp, so the answer is known everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.formats.grid import grid_from_affine
from core.harmonise.resample import grid_over, resample
from core.volume import Grid
from tests.core.harmonise.phantom import Array, grid, moved, places

SLOPE = np.array([2.0, -3.0, 5.0])  # per mm along x, y and z


def ramp(at: Array) -> Array:
    return np.tensordot(SLOPE, at, 1) + 1000


def sheared(shape: tuple[int, int, int]) -> Grid:
    affine = np.array([[2.0, 0.3, 0, -20], [0, 1.5, 0.2, -18], [0.1, 0, 3.0, -30], [0, 0, 0, 1]])
    return grid_from_affine(shape, affine)


@pytest.mark.parametrize(
    "source", [grid((24, 30, 16), (2, 1.5, 4), 17), sheared((24, 30, 16))], ids=["tilted", "sheared"]
)
def test_a_voxel_takes_the_value_of_its_own_place(source: Grid) -> None:
    assert source.affine is not None
    onto = grid((10, 12, 9), (1.7, 1.1, 2.3), -8)
    found = resample(ramp(places(source)), source.affine, onto)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, ramp(places(onto)), atol=1e-3)


def test_a_transform_says_where_in_the_series_a_place_of_the_common_grid_lies() -> None:
    source, onto, motion = grid((40, 40, 30), (1.5, 1.5, 2), 5), grid((9, 9, 9), (2, 2, 2)), moved((3, -2, 1), 10)
    assert source.affine is not None
    found = resample(ramp(places(source)), source.affine, onto, motion)
    x, y, z = places(onto)
    there = np.stack([*(motion[:3, :3] @ np.stack([x, y, z]).reshape(3, -1) + motion[:3, 3:])]).reshape(3, *onto.shape)
    np.testing.assert_allclose(found, ramp(there), atol=1e-3)


def test_outside_the_image_there_is_nothing() -> None:
    source = grid((10, 10, 10), (1, 1, 1))
    assert source.affine is not None
    found = resample(np.full(source.shape, 7.0), source.affine, grid((20, 10, 10), (1, 1, 1)))
    assert (found[5:15] == 7).all()
    assert (found[:5] == 0).all()
    assert (found[15:] == 0).all()


def test_labels_keep_their_values_and_never_mix() -> None:
    source = grid((20, 20, 20), (1, 1, 1))
    assert source.affine is not None
    labels = np.where(places(source)[0] < 0, 1, 4)
    found = resample(labels, source.affine, grid((13, 13, 13), (1.3, 1.3, 1.3)), labels=True)
    assert set(np.unique(found)) == {1, 4}


def test_detail_finer_than_the_new_voxels_is_averaged_instead_of_picked() -> None:
    source = grid((64, 8, 8), (0.5, 2, 2))
    assert source.affine is not None
    stripes = np.zeros(source.shape)
    stripes[::2] = 100
    found = resample(stripes, source.affine, grid((14, 8, 8), (2, 2, 2)))
    np.testing.assert_allclose(found[2:-2], 50, atol=1)


def test_the_common_grid_covers_the_field_of_view_and_shares_its_middle() -> None:
    fixed = grid((256, 224, 26), (0.9, 0.9, 5.5), 12)
    cubes = grid_over(fixed, 1.0)
    assert cubes.shape == (231, 202, 143)  # 230.4, 201.6 and 143 mm
    assert cubes.axis_codes == "RAS"
    geometry = cubes.geometry()
    assert geometry is not None
    np.testing.assert_allclose(geometry.spacing_mm, 1)
    for each in (fixed, cubes):
        assert each.affine is not None
        np.testing.assert_allclose(each.affine @ [*(np.array(each.shape) - 1) / 2, 1], [0, 0, 0, 1], atol=1e-9)


def test_without_a_spacing_the_grid_is_the_files_own_in_ras() -> None:
    fixed = grid((12, 10, 8), (1, 2, 3), 12)
    own, expected = grid_over(fixed, None), fixed.geometry()
    assert expected is not None
    assert own.affine is not None
    assert own.shape == (12, 10, 8)
    np.testing.assert_allclose(own.affine, expected.affine)
