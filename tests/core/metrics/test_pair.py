"""Laying a prediction over its reference."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.pair import Confusion, compare_regions
from tests.core.metrics.masks import voxels


def test_each_bit_is_counted_by_itself() -> None:
    prediction = np.array([[[0b11, 0b01, 0b00, 0b10]]], np.uint8)
    reference = np.array([[[0b01, 0b01, 0b01, 0b00]]], np.uint8)
    first, second = compare_regions(prediction, reference, 2, None)
    assert first.confusion == Confusion(true_positive=2, false_positive=0, false_negative=1, true_negative=1)
    assert second.confusion == Confusion(true_positive=0, false_positive=2, false_negative=0, true_negative=2)


def test_true_negatives_fill_the_whole_image_even_when_both_masks_are_empty() -> None:
    (nothing,) = compare_regions(voxels(), voxels(), 1, None)
    assert nothing.confusion == Confusion(0, 0, 0, true_negative=125)


def test_bits_beyond_the_regions_are_ignored() -> None:
    assert len(compare_regions(np.full((2, 2, 2), 255, np.uint8), voxels(shape=(2, 2, 2)), 3, None)) == 3


def test_two_grids_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(5, 5, 5\) and a reference of shape \(5, 5, 4\).*native grid"):
        compare_regions(voxels(), voxels(shape=(5, 5, 4)), 1, None)


def test_a_mask_that_is_not_made_of_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="a reference of dtype bool"):
        compare_regions(voxels(), voxels() != 0, 1, None)
