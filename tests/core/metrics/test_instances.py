"""Instances matched one to one, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.instance_counts import instance_counts
from core.metrics.instance_dice import instance_dice
from core.metrics.instance_f1 import instance_f1
from core.metrics.instances import match_instances
from tests.core.metrics.masks import Bits, pair


def row(*runs: tuple[int, int]) -> Bits:
    """Runs of voxels (start, length) along x."""
    mask = np.zeros((20, 3, 3), np.uint8)
    for start, length in runs:
        mask[start : start + length, 1, 1] = 1
    return mask


def test_one_of_two_has_a_partner() -> None:
    # 4 of 5 voxels: IoU 4/5, Dice 8/9; the second run is shifted by half: IoU 2/6
    both = pair(row((0, 4), (12, 4)), row((0, 5), (10, 4)))
    assert instance_counts(both) == {"instances_reference": 2, "instances_predicted": 2, "instances_matched": 1}
    assert instance_f1(both) == 0.5
    assert instance_dice(both) == pytest.approx(8 / 9)


def test_half_is_not_enough_or_one_would_have_two_partners() -> None:
    # two predicted voxels beside each other, as instances of their own, cover half of the reference each
    prediction, reference = np.array([1, 2]), np.array([1, 1])
    assert match_instances(prediction, reference).matched == 0
    with pytest.raises(ValueError, match=r"expected 0\.5 or more"):
        match_instances(prediction, reference, threshold=0.4)


def test_a_higher_threshold_leaves_fewer_pairs() -> None:
    prediction, reference = np.array([1, 1, 1, 0, 7, 7, 7, 7]), np.array([3, 3, 3, 3, 0, 9, 9, 9])
    match = match_instances(prediction, reference, threshold=0.6)
    assert (match.reference, match.prediction, match.matched) == (2, 2, 2)
    assert match.iou.tolist() == [0.75, 0.75]
    assert match_instances(prediction, reference, threshold=0.75).matched == 0


def test_numbers_may_have_gaps_and_nothing_has_no_instance() -> None:
    nothing = np.zeros(4, np.uint8)
    match = match_instances(nothing, np.array([0, 5, 0, 9]))
    assert (match.reference, match.prediction, match.matched) == (2, 0, 0)
