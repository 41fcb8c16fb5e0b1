"""Diameters of shapes worked out by hand, and of random ones against scikit-image's outline."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from core.measuring import diameters_of
from core.volume import Geometry
from tests.pages.viewer.test_measure import GRIDS, blob, by_brute_force

ONE_MM = Geometry(np.eye(4))


def placed(shape: tuple[int, int, int], *boxes: tuple[slice, slice, slice]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    for box in boxes:
        mask[box] = True
    return mask


def test_a_rod_is_as_long_as_its_voxels() -> None:
    rod = placed((9, 5, 3), np.s_[2:8, 2:3, 1:2])
    found = diameters_of(rod, Geometry(np.diag([2.0, 1.0, 5.0, 1.0])))
    assert found
    # six voxels of 2 mm in a row, one voxel of 1 mm thick
    assert (found.longest, found.across, found.slice_index) == pytest.approx((12, 1, 1))
    assert sorted(end[0] for end in found.longest_ends) == [1.5, 7.5]
    assert {end[1:] for end in found.longest_ends} == {(2.0, 1.0)}


def test_one_voxel_is_one_voxel_across() -> None:
    found = diameters_of(placed((3, 3, 3), np.s_[1:2, 1:2, 2:3]), ONE_MM)
    assert found
    assert (found.longest, found.across, found.slice_index) == pytest.approx((1, 1, 2))


def test_a_block_is_measured_between_the_middles_of_its_outermost_edges() -> None:
    found = diameters_of(placed((30, 20, 1), np.s_[3:23, 4:14, 0:1]), ONE_MM)
    assert found
    # 20 voxels along x from edge to edge, 9 along y from middle to middle
    assert found.longest == pytest.approx(np.hypot(20, 9))


def test_the_perpendicular_of_a_cross_is_its_other_arm() -> None:
    cross = placed((40, 40, 1), np.s_[5:26, 10:11, 0:1], np.s_[15:16, 5:16, 0:1])
    found = diameters_of(cross, ONE_MM)
    assert found
    assert (found.longest, found.across) == pytest.approx((21, 11))
    assert sorted(end[1] for end in found.across_ends) == [4.5, 15.5]


def test_lesions_apart_are_not_measured_together_and_the_longest_of_all_slices_counts() -> None:
    apart = placed((40, 5, 2), np.s_[1:11, 2:3, 0:1], np.s_[20:32, 2:3, 0:1], np.s_[0:11, 2:3, 1:2])
    found = diameters_of(apart, ONE_MM)
    assert found
    assert (found.longest, found.slice_index) == pytest.approx((12, 0))


def test_voxels_that_touch_at_a_corner_are_one_lesion() -> None:
    found = diameters_of(placed((6, 6, 1), np.s_[1:2, 1:2, 0:1], np.s_[2:3, 2:3, 0:1]), ONE_MM)
    assert found
    # from the middle of the first one's left edge to the middle of the second one's right edge
    assert found.longest == pytest.approx(np.hypot(2, 1))


def test_of_equal_diameters_the_first_slice_is_taken() -> None:
    found = diameters_of(placed((12, 5, 9), np.s_[1:9, 2:3, 3:7]), ONE_MM)
    assert found
    assert found.slice_index == 3


def test_without_geometry_lengths_are_in_voxels() -> None:
    found = diameters_of(placed((9, 5, 3), np.s_[2:8, 2:3, 1:2]), None)
    assert found
    assert not found.in_mm
    assert found.to_json()["longest_voxels"] == pytest.approx(6)
    assert "longest_mm" not in found.to_json()


def test_an_empty_region_has_none() -> None:
    assert diameters_of(np.zeros((4, 4, 4), bool), ONE_MM) is None


def test_places_are_those_of_the_volume_a_mask_was_cut_from() -> None:
    whole = np.zeros((26, 22, 5), bool)
    whole[8:20, 6:16, 2:4] = blob(3)[8:20, 6:16, 2:4]
    cut = diameters_of(whole[8:20, 6:16, 2:4], ONE_MM, first=(8, 6, 2))
    assert cut == diameters_of(whole, ONE_MM)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("seed", range(4))
def test_random_lesions_against_every_pair_of_scikit_image_outlines(grid: str, seed: int) -> None:
    mask, affine = blob(seed), GRIDS[grid]
    found = diameters_of(mask, None if affine is None else Geometry(affine))
    longest, _, _ = by_brute_force(mask, affine)
    assert found
    assert found.longest == pytest.approx(longest, abs=1e-6)
    # the ends are where they are said to be, and the lines are at right angles
    linear = np.eye(3) if affine is None else affine[:3, :3]
    along, across = (np.subtract(*ends) @ linear.T for ends in (found.longest_ends, found.across_ends))
    assert np.linalg.norm(along) == pytest.approx(found.longest, abs=1e-6)
    assert np.linalg.norm(across) == pytest.approx(found.across, abs=1e-6)
    assert along @ across == pytest.approx(0, abs=1e-6 * found.longest * found.across)
