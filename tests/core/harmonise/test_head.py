from __future__ import annotations

import numpy as np
import pytest

from core.harmonise.head import find_head, otsu_threshold, solid_piece


def test_otsu_parts_two_heaps_of_values() -> None:
    values = np.array([10.0, 11, 12, 13] * 25 + [90.0, 91, 92, 93] * 25)
    assert 13 < otsu_threshold(values) < 90


def test_otsu_of_a_constant_is_the_constant() -> None:
    assert otsu_threshold(np.full((3, 3), 4.0)) == 4


def test_the_largest_piece_is_kept_and_its_hole_filled() -> None:
    mask = np.zeros((12, 9, 9), bool)
    mask[1:8, 1:8, 1:8] = True  # 343 voxels
    mask[4, 4, 4] = False  # less one
    mask[10, 0:8, 0] = True  # 8 voxels apart
    piece, share = solid_piece(mask)
    assert piece.sum() == 343
    assert piece[4, 4, 4]
    assert not piece[10].any()
    assert share == pytest.approx(342 / 350)


def test_nothing_has_no_piece() -> None:
    piece, share = solid_piece(np.zeros((3, 3, 3), bool))
    assert not piece.any()
    assert share == 0


def test_a_head_is_what_is_brighter_than_air_with_its_dark_inside() -> None:
    values = np.random.default_rng(0).uniform(0, 10, (20, 20, 20))
    values[3:17, 3:17, 3:17] = 300
    values[8:12, 8:12, 8:12] = 0
    head = find_head(values)
    assert head[3:17, 3:17, 3:17].all()
    assert head.sum() == 14**3


def test_an_image_with_one_value_has_no_head() -> None:
    assert not find_head(np.full((4, 4, 4), 7.0)).any()
