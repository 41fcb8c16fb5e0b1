"""Grids, boxes and volumes: RAS+ by flips and permutations only, and back to the very same voxel."""

from __future__ import annotations

import itertools

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest

from core.volume import Box, Geometry, Grid, Volume, stored_to_values

ALL_48 = ["".join(codes) for order in itertools.permutations(("RL", "AP", "SI")) for codes in itertools.product(*order)]
SHAPE = (3, 4, 5)


def affine_running(codes: str) -> npt.NDArray[np.float64]:
    """Return an affine whose axes run as `codes` say, with voxels of 1, 2 and 3 mm along x, y and z."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, letter in enumerate(codes):
        world = next(number for number, pair in enumerate(("RL", "AP", "SI")) if letter in pair)
        affine[world, axis] = (world + 1) * (1 if letter in "RAS" else -1)
    affine[:3, 3] = (-7, 11, 13)
    return affine


def test_there_are_48_orientations() -> None:
    assert len(set(ALL_48)) == 48


@pytest.mark.parametrize("codes", ALL_48)
def test_each_of_the_48_orientations_is_named_turned_to_ras_and_turned_back(codes: str) -> None:
    affine = affine_running(codes)
    grid = Grid(SHAPE, affine)
    stored = np.arange(60).reshape(SHAPE)
    assert grid.axis_codes == codes == "".join(nib.aff2axcodes(affine))
    ras = grid.to_ras(stored)
    canonical = nib.as_closest_canonical(nib.Nifti1Image(stored.astype(np.int16), affine))
    assert np.array_equal(ras, np.asarray(canonical.dataobj))
    geometry = grid.geometry()
    assert geometry is not None
    assert np.allclose(geometry.affine, canonical.affine)
    assert ras.shape == grid.ras_shape
    assert np.array_equal(grid.from_ras(ras), stored)


def test_leading_axes_such_as_channels_are_left_alone() -> None:
    grid = Grid(SHAPE, affine_running("PIR"))
    stored = np.arange(120).reshape(2, *SHAPE)
    ras = grid.to_ras(stored)
    assert ras.shape == (2, 5, 3, 4)
    assert np.array_equal(ras[1], grid.to_ras(stored[1]))
    assert np.array_equal(grid.from_ras(ras), stored)


def test_turning_copies_no_voxels() -> None:
    stored = np.zeros(SHAPE)
    assert np.shares_memory(Grid(SHAPE, affine_running("LPS")).to_ras(stored), stored)


def test_spacing_and_volume_of_an_oblique_grid_are_those_of_its_voxel() -> None:
    """A 1 x 2 x 3 mm voxel turned by 30 degrees is still 1 x 2 x 3 mm and 6 microlitres."""
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    turned = np.eye(4)
    turned[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.diag([1, 2, 3])
    geometry = Geometry(turned)
    assert geometry.spacing_mm == pytest.approx((1, 2, 3))
    assert geometry.voxel_ml == pytest.approx(0.006)


def test_an_image_without_geometry_keeps_its_axes_and_says_so() -> None:
    grid = Grid((2, 3, 1))
    stored = np.arange(6).reshape(2, 3, 1)
    assert grid.axis_codes == "---"
    assert grid.geometry() is None
    assert np.array_equal(grid.to_ras(stored), stored)


def test_a_grid_survives_json() -> None:
    grid = Grid(SHAPE, affine_running("ASL"), 0, 1, (-1.0, 0.5, 0.5, 0.5, 1.0, 2.0, 3.0), (1.0, 2.0, 3.0), 10)
    back = Grid.from_json(grid.to_json())
    assert back.to_json() == grid.to_json()
    assert back.axis_codes == "ASL"
    nowhere = Grid((2, 2, 1))
    assert Grid.from_json(nowhere.to_json()).affine is None


def test_the_box_around_two_voxels_holds_both_and_nothing_more() -> None:
    mask = np.zeros((6, 7, 8), bool)
    mask[1, 5, 2] = mask[3, 2, 2] = True
    box = Box.around(mask)
    assert box == Box((1, 2, 2), (4, 6, 3))
    assert box.shape == (3, 4, 1)
    assert box.size == 12


def test_an_empty_mask_has_no_box() -> None:
    assert Box.around(np.zeros((2, 2, 2), bool)) is None


def test_pasting_undoes_cropping_and_leaves_zeros_outside() -> None:
    array = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    box = Box((1, 0, 2), (3, 2, 5))
    pasted = box.paste(box.crop(array), (3, 4, 5))
    assert np.array_equal(box.crop(pasted), array[:, 1:3, 0:2, 2:5])
    assert pasted.sum() == array[:, 1:3, 0:2, 2:5].sum()


def test_values_are_stored_times_slope_plus_intercept_in_float32() -> None:
    stored = np.array([0, 1, 100], np.int16)
    values = stored_to_values(stored, 0.5, -10.0)
    assert values.dtype == np.float32
    assert values.tolist() == [-10.0, -9.5, 40.0]
    volume = Volume(stored.reshape(1, 3, 1, 1), ("ct",), (0.5,), (-10.0,), None, Grid((3, 1, 1)))
    assert volume.values(0).ravel().tolist() == [-10.0, -9.5, 40.0]
    assert volume.shape == (3, 1, 1)
