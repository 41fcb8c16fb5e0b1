"""HD95 in millimetres, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.metrics.hd95 import hd95_mm, hd95_px
from core.metrics.pair import compare_regions
from core.volume import Box
from tests.core.metrics.masks import Bits, geometry, pair, voxels

small_masks = arrays(np.uint8, (4, 3, 5), elements=st.integers(0, 1))


def test_two_voxels_one_slice_of_5_5_mm_apart() -> None:
    assert hd95_mm(pair(voxels((1, 1, 1)), voxels((1, 1, 2)), geometry(1, 1, 5.5))) == 5.5


def test_two_voxels_across_a_diagonal_of_3_and_4_mm() -> None:
    # steps (3, 2, 0) of 1 x 2 x 9 mm: 3 mm and 4 mm
    assert hd95_mm(pair(voxels((0, 0, 0)), voxels((3, 2, 0)), geometry(1, 2, 9))) == 5.0


def test_the_percentile_is_interpolated_and_the_larger_direction_counts() -> None:
    # prediction to reference: 0. Reference to prediction: 0 and 3 mm, whose 95th percentile is 0.95 * 3
    missed = pair(voxels((0, 0, 0)), voxels((0, 0, 0), (3, 0, 0)), geometry(1, 1, 1))
    invented = pair(voxels((0, 0, 0), (3, 0, 0)), voxels((0, 0, 0)), geometry(1, 1, 1))
    assert hd95_mm(missed) == pytest.approx(2.85)
    assert hd95_mm(invented) == pytest.approx(2.85)


def test_the_percentile_is_taken_in_each_direction_before_the_larger_is() -> None:
    # 40 voxels in a row against the first: 0 to 39 mm one way, whose 95th percentile is 0.95 * 39; pooled
    # with the single 0 of the other way it would be 0.95 * 40 - 1 = 37
    row = voxels(*((x, 0, 0) for x in range(40)), shape=(40, 1, 1))
    assert hd95_mm(pair(voxels((0, 0, 0), shape=(40, 1, 1)), row, geometry(1, 1, 1))) == pytest.approx(37.05)


def test_the_inside_of_a_mask_does_not_count() -> None:
    # two cubes of 3 x 3 x 3, one 1 mm to the right: 18 of 26 surface voxels have a twin, all others are 1 mm away
    left, right = np.zeros((2, 6, 5, 5), np.uint8)
    left[1:4, 1:4, 1:4] = right[2:5, 1:4, 1:4] = 1
    assert hd95_mm(pair(left, right, geometry(1, 1, 1))) == 1.0


def test_a_single_slice_is_measured_in_its_plane() -> None:
    # a hollow square against a full one: the centre is not surface, so nothing differs by more than 0
    full = np.zeros((5, 5, 1), np.uint8)
    full[1:4, 1:4] = 1
    hollow = full.copy()
    hollow[2, 2] = 0
    assert hd95_px(pair(hollow, full)) == 0.0


def test_without_geometry_there_are_voxel_steps_and_no_mm() -> None:
    both = pair(voxels((0, 0, 0)), voxels((3, 4, 0)))
    assert hd95_px(both) == 5.0
    with pytest.raises(ValueError, match="no geometry"):
        hd95_mm(both)


@given(small_masks, small_masks)
def test_prediction_and_reference_may_change_places(prediction: Bits, reference: Bits) -> None:
    assume(prediction.any() and reference.any())
    where = geometry(0.9, 0.9, 5.5)
    assert hd95_mm(pair(prediction, reference, where)) == hd95_mm(pair(reference, prediction, where))


@given(small_masks, small_masks, st.floats(0.1, 10))
def test_twice_the_spacing_is_twice_the_distance(prediction: Bits, reference: Bits, factor: float) -> None:
    assume(prediction.any() and reference.any())
    one = hd95_mm(pair(prediction, reference, geometry(1, 2, 3)))
    assert hd95_mm(pair(prediction, reference, geometry(factor, 2 * factor, 3 * factor))) == pytest.approx(factor * one)


@given(small_masks, small_masks)
def test_a_box_around_both_masks_gives_what_the_whole_image_gives(prediction: Bits, reference: Bits) -> None:
    assume(prediction.any() and reference.any())
    box = Box.around((prediction | reference) != 0)
    assert box is not None
    whole = pair(prediction, reference)
    (cut,) = compare_regions(box.crop(prediction), box.crop(reference), 1, None, shape=(4, 3, 5))
    assert hd95_px(cut) == hd95_px(whole)
    assert cut.confusion == whole.confusion
