"""Which voxels are surface, and how far points are from each other."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.surface import distances_between, nearest_distances, points_of, surface_bits


def test_a_cube_of_27_keeps_all_but_its_centre() -> None:
    cube = np.zeros((5, 5, 5), np.uint8)
    cube[1:4, 1:4, 1:4] = 1
    surface = surface_bits(cube)
    assert surface.sum() == 26
    assert surface[2, 2, 2] == 0


def test_beyond_the_image_there_is_background() -> None:
    # a full 3 x 3 x 3 image: only the centre has six neighbours inside
    surface = surface_bits(np.ones((3, 3, 3), np.uint8))
    assert surface.sum() == 26
    assert surface[1, 1, 1] == 0


def test_a_missing_corner_neighbour_leaves_a_voxel_inside() -> None:
    # six faces are present, one of the eight corners is not
    cube = np.ones((3, 3, 3), np.uint8)
    cube[0, 0, 0] = 0
    assert surface_bits(cube)[1, 1, 1] == 0


def test_in_a_single_slice_the_inside_of_a_square_is_not_surface() -> None:
    square = np.ones((3, 3, 1), np.uint8)
    assert surface_bits(square, axes=(0, 1))[1, 1, 0] == 0
    assert surface_bits(square)[1, 1, 0] == 1


def test_regions_keep_their_own_surfaces() -> None:
    # region 0 is full; region 1 is one voxel at its centre
    bits = np.ones((3, 3, 3), np.uint8)
    bits[1, 1, 1] |= 2
    surface = surface_bits(bits)
    assert surface[1, 1, 1] == 2
    assert (surface & 1).sum() == 26


def test_points_carry_the_spacing() -> None:
    mask = np.zeros((2, 3, 4), bool)
    mask[1, 2, 3] = True
    assert points_of(mask, (1.0, 0.5, 5.5)).tolist() == [[1.0, 1.0, 16.5]]


def test_the_nearest_of_two_targets_counts() -> None:
    points = np.array([[0.0, 0.0, 0.0]])
    targets = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 7.0]])
    assert nearest_distances(points, targets).tolist() == [5.0]


def test_each_direction_has_its_own_distances() -> None:
    # the prediction holds the left voxel, the reference both, 3 steps of 2 mm apart
    prediction = np.zeros((5, 1, 1), bool)
    reference = prediction.copy()
    prediction[0] = reference[0] = reference[3] = True
    to_reference, to_prediction = distances_between(prediction, reference, (2.0, 1.0, 1.0))
    assert to_reference.tolist() == [0.0]
    assert sorted(to_prediction.tolist()) == [0.0, 6.0]


def test_no_surface_has_no_distance() -> None:
    full, none = np.ones((2, 2, 2), bool), np.zeros((2, 2, 2), bool)
    with pytest.raises(ValueError, match="found 0 predicted and 8 reference surface voxels"):
        distances_between(none, full, (1, 1, 1))
