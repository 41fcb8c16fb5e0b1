"""Two voxels, or two lesions, and the answer worked out on paper."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.accuracy import accuracy, background_accuracy
from core.metrics.assd import assd_mm, assd_px
from core.metrics.hd import hd_mm, hd_px
from core.metrics.hd95 import hd95_mm
from core.metrics.hd95_elements import hd95_elements_mm
from core.metrics.hd95_pooled import hd95_pooled_mm
from core.metrics.nsd import nsd
from core.metrics.pair import compare_regions
from core.metrics.precision import precision
from core.metrics.recall import recall
from core.metrics.specificity import specificity
from core.metrics.volume_error_percent import volume_error_percent
from tests.core.metrics.masks import geometry, pair, voxels

A, B, C, D = (1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1)


def test_two_voxels_across_a_diagonal_of_3_and_4_mm_are_5_mm_apart_by_every_distance() -> None:
    # steps (3, 2, 0) of 1 x 2 x 9 mm: 3 mm and 4 mm; the corners of the voxels lie as far apart as their centres
    both = pair(voxels((0, 0, 0)), voxels((3, 2, 0)), geometry(1, 2, 9))
    assert hd_mm(both) == hd95_mm(both) == hd95_pooled_mm(both) == assd_mm(both) == 5.0
    assert hd_px(both) == assd_px(both) == pytest.approx(np.sqrt(13))


def test_between_neighbouring_voxels_half_of_the_corners_are_shared() -> None:
    # 1 mm apart: of 8 corners each, 4 are the other's, the other 4 are 1 mm away; 95 % of the surface is within 1 mm
    both = pair(voxels(A), voxels(B), geometry(1, 1, 1))
    assert hd95_elements_mm(both) == 1.0
    assert nsd(both) == 1.0
    # 3 mm apart along x: 4 corners of 8, each of the same area, agree within 1 mm
    assert nsd(pair(voxels(A), voxels(B), geometry(3, 1, 1))) == 0.5


def test_in_a_slice_the_surface_is_a_line() -> None:
    # two pixels of 2 x 1 mm side by side along x: each has 4 corner lines of the same length, 2 of them shared
    shape = (5, 5, 1)
    both = pair(voxels((1, 1, 0), shape=shape), voxels((2, 1, 0), shape=shape), geometry(2, 1, 8))
    assert nsd(both) == 0.5
    assert hd95_elements_mm(both) == 2.0


def test_one_surface_twice_as_long_has_twice_the_say_in_the_mean() -> None:
    # prediction: the first; reference: the first and one 3 mm on. Forth 0; back 0 and 3: mean of three is 1
    both = pair(voxels((0, 0, 0)), voxels((0, 0, 0), (3, 0, 0)), geometry(1, 1, 1))
    assert assd_mm(both) == 1.0
    assert hd_mm(both) == 3.0
    # pooled: 0, 0, 3; the 95th percentile is at rank 1.9, nine tenths of the way to 3. Directed: 0.95 * 3
    assert hd95_pooled_mm(both) == pytest.approx(2.7)
    assert hd95_mm(both) == pytest.approx(2.85)


def test_three_predicted_two_of_the_reference_one_in_common() -> None:
    # 125 voxels: TP 1, FP 2, FN 1, TN 121
    both = pair(voxels(A, B, C), voxels(A, D))
    assert precision(both) == 1 / 3
    assert recall(both) == 1 / 2
    assert specificity(both) == 121 / 123
    assert accuracy(both) == 122 / 125
    assert background_accuracy(both) == {"background_accuracy": 123 / 125}
    assert volume_error_percent(both) == 50.0


def test_a_box_around_both_masks_gives_the_surface_that_the_whole_image_gives() -> None:
    where, inside = geometry(0.9, 0.9, 5.5), (slice(1, 4), slice(0, 2), slice(2, 4))
    rng = np.random.default_rng(0)
    prediction, reference = np.zeros((2, 6, 5, 4), np.uint8)
    prediction[inside], reference[inside] = rng.integers(0, 2, (2, 3, 2, 2), np.uint8)
    (whole,) = compare_regions(prediction, reference, 1, where)
    (cut,) = compare_regions(prediction[inside], reference[inside], 1, where, shape=(6, 5, 4))
    assert nsd(cut) == nsd(whole)
    assert hd95_elements_mm(cut) == hd95_elements_mm(whole)
    assert specificity(cut) == specificity(whole)
