"""Lesions of a few voxels, counted by hand."""

from __future__ import annotations

import numpy as np

from core.measuring import Part, parts_of


def test_the_largest_comes_first_with_its_mean_voxel() -> None:
    mask = np.zeros((10, 10, 10), bool)
    mask[1, 1, 1] = True
    mask[4:6, 4:8, 5] = True
    assert parts_of(mask) == [Part(8, (4.5, 5.5, 5.0)), Part(1, (1.0, 1.0, 1.0))]


def test_voxels_that_touch_at_a_corner_hang_together_unless_told_otherwise() -> None:
    mask = np.zeros((4, 4, 4), bool)
    mask[1, 1, 1] = mask[2, 2, 2] = True
    assert [part.voxels for part in parts_of(mask)] == [2]
    assert [part.voxels for part in parts_of(mask, 18)] == [1, 1]
    edge = np.zeros((4, 4, 4), bool)
    edge[1, 1, 1] = edge[1, 2, 2] = True
    assert [part.voxels for part in parts_of(edge, 18)] == [2]
    assert [part.voxels for part in parts_of(edge, 6)] == [1, 1]


def test_an_empty_mask_has_no_lesions() -> None:
    assert parts_of(np.zeros((3, 3, 3), bool)) == []


def test_places_are_those_of_the_volume_a_mask_was_cut_from() -> None:
    assert parts_of(np.ones((1, 1, 2), bool), first=(7, 8, 9)) == [Part(2, (7.0, 8.0, 9.5))]
