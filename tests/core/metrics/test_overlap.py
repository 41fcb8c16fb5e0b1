"""Dice, IoU and volume error, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.metrics.dice import dice
from core.metrics.iou import iou
from core.metrics.volume_error import volume_error_ml
from tests.core.metrics.masks import Bits, geometry, pair, voxels

A, B, C = (1, 1, 1), (2, 1, 1), (3, 1, 1)

small_masks = arrays(np.uint8, (3, 3, 2), elements=st.integers(0, 1))


def test_one_voxel_in_common_of_two_and_two() -> None:
    # TP 1, FP 1, FN 1: Dice 2 / (2 + 1 + 1), IoU 1 / 3
    both = pair(voxels(A, B), voxels(B, C))
    assert dice(both) == 0.5
    assert iou(both) == 1 / 3


def test_one_predicted_voxel_of_two() -> None:
    # TP 1, FN 1: Dice 2 / 3, IoU 1 / 2
    assert dice(pair(voxels(A), voxels(A, B))) == 2 / 3
    assert iou(pair(voxels(A), voxels(A, B))) == 0.5


def test_nothing_in_common_is_zero() -> None:
    assert dice(pair(voxels(A), voxels(C))) == 0.0
    assert iou(pair(voxels(A), voxels(C))) == 0.0


def test_one_voxel_too_many_of_2_by_2_by_5_mm_is_a_fiftieth_of_a_millilitre() -> None:
    assert volume_error_ml(pair(voxels(A, B), voxels(A), geometry(2, 2, 5))) == pytest.approx(0.02)
    assert volume_error_ml(pair(voxels(A), voxels(A, B), geometry(2, 2, 5))) == pytest.approx(0.02)


def test_millilitres_need_voxel_sizes() -> None:
    with pytest.raises(ValueError, match="no geometry"):
        volume_error_ml(pair(voxels(A), voxels(A)))


@given(small_masks, small_masks)
def test_dice_follows_from_iou(prediction: Bits, reference: Bits) -> None:
    if not (prediction | reference).any():
        return
    both = pair(prediction, reference)
    assert dice(both) == pytest.approx(2 * iou(both) / (1 + iou(both)))
