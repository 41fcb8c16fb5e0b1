"""Lesion-wise scores of BraTS 2023, with one or two lesions and the answer worked out on paper."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from core.metrics.lesion_counts import lesion_counts
from core.metrics.lesion_dice import lesion_dice
from core.metrics.lesion_f1 import lesion_f1
from core.metrics.lesion_hd95 import lesion_hd95_mm
from core.metrics.lesions import PENALTY_MM
from core.metrics.pair import RegionPair
from tests.core.metrics.masks import Bits, geometry, pair

BIG = 4  # a cube of 4 x 4 x 4 voxels of 1 mm is 64 mm3, above 50
SMALL = 3  # 27 mm3


def cubes(*corners: tuple[int, int], shape: tuple[int, int, int] = (40, 12, 12)) -> Bits:
    """Cubes at (x, edge), in a row along x, 4 voxels away from the other borders."""
    mask = np.zeros(shape, np.uint8)
    for x, edge in corners:
        mask[x : x + edge, 4 : 4 + edge, 4 : 4 + edge] = 1
    return mask


def mm(prediction: Bits, reference: Bits, *spacing: float) -> RegionPair:
    return pair(prediction, reference, geometry(*(spacing or (1, 1, 1))))


def counts(both: RegionPair) -> Mapping[str, float]:
    return {name.removeprefix("lesions_"): value for name, value in lesion_counts(both).items() if value}


def test_one_of_two_lesions_found_perfectly_and_the_other_missed() -> None:
    both = mm(cubes((2, BIG)), cubes((2, BIG), (25, BIG)))
    assert counts(both) == {"reference": 2, "found": 1, "missed": 1}
    assert lesion_dice(both) == 0.5
    assert lesion_hd95_mm(both) == (0 + 374) / 2
    assert lesion_f1(both) == 2 / 3


def test_one_lesion_found_and_one_invented() -> None:
    both = mm(cubes((2, BIG), (25, BIG)), cubes((2, BIG)))
    assert counts(both) == {"reference": 1, "found": 1, "invented": 1}
    assert lesion_dice(both) == 0.5
    assert lesion_hd95_mm(both) == 374 / 2
    assert lesion_f1(both) == 2 / 3


def test_a_lesion_half_found_scores_its_own_dice_and_distance() -> None:
    # one cube of 4 moved by 2 mm: 32 of 64 and 64 voxels shared, its far face 2 mm away; the other one is met
    both = mm(cubes((4, BIG), (25, BIG)), cubes((2, BIG), (25, BIG)))
    assert lesion_dice(both) == (0.5 + 1) / 2
    assert lesion_hd95_mm(both) == (2 + 0) / 2
    assert lesion_f1(both) == 1.0


def test_a_small_lesion_is_ignored_found_or_missed_and_is_not_invented() -> None:
    for prediction in (cubes((2, BIG)), cubes((2, BIG), (25, SMALL)), cubes((2, BIG), (24, BIG))):
        both = mm(prediction, cubes((2, BIG), (25, SMALL)))
        assert counts(both) == {"reference": 1, "found": 1, "too_small": 1}
        assert (lesion_dice(both), lesion_hd95_mm(both), lesion_f1(both)) == (1.0, 0.0, 1.0)


def test_an_invented_speck_counts_however_small() -> None:
    both = mm(cubes((2, BIG), (25, 1)), cubes((2, BIG)))
    assert counts(both) == {"reference": 1, "found": 1, "invented": 1}


def test_fifty_cubic_millimetres_are_too_small_and_fifty_one_are_not() -> None:
    reference = np.zeros((60, 9, 9), np.uint8)
    reference[5:30, 4:6, 4] = 1
    assert reference.sum() == 50
    assert counts(mm(reference, reference)) == {"too_small": 1}
    reference[30, 4, 4] = 1
    assert counts(mm(reference, reference)) == {"reference": 1, "found": 1}


def test_the_limit_is_a_volume_and_not_a_number_of_voxels() -> None:
    # 27 voxels of 2 x 1 x 1 mm: 54 mm3
    assert counts(mm(cubes((2, SMALL)), cubes((2, SMALL)), 2, 1, 1)) == {"reference": 1, "found": 1}


@pytest.mark.parametrize(("gap", "lesions"), [(6, 1), (7, 2)])
def test_lesions_of_the_reference_up_to_six_voxels_apart_are_one(gap: int, lesions: int) -> None:
    # each grows by 3; with 6 voxels between them the grown ones touch
    reference = cubes((2, BIG), (2 + BIG + gap, BIG))
    assert counts(mm(reference, reference))["reference"] == lesions


def test_growing_makes_a_flattened_ball_and_not_a_cube() -> None:
    # steps go to the 18 neighbours that share a face or an edge: in three of them 3 + 3 voxels along two axes or
    # 2 + 2 + 2 along three are reached, 3 + 3 + 3 are not. Two lesions corner to corner: 6 voxels apart on each axis
    reference = np.zeros((30, 30, 30), np.uint8)
    reference[2:6, 2:6, 2:6] = 1
    edge, corner = reference.copy(), reference.copy()
    edge[12:16, 12:16, 2:6] = 1
    corner[12:16, 12:16, 12:16] = 1
    assert counts(mm(edge, edge))["reference"] == 1
    assert counts(mm(corner, corner))["reference"] == 2


@pytest.mark.parametrize(("gap", "found"), [(2, 1), (3, 0)])
def test_a_prediction_near_a_lesion_finds_it_with_a_dice_of_nothing(gap: int, found: int) -> None:
    # the lesion ends at x = 5 and grows to x = 8; the prediction starts after the gap
    both = mm(cubes((6 + gap, BIG)), cubes((2, BIG)))
    assert counts(both).get("found", 0) == found
    assert counts(both).get("invented", 0) == 1 - found
    assert lesion_dice(both) == 0.0


def test_pieces_of_one_lesion_are_scored_together() -> None:
    # the lesion is 12 x 4 x 4, predicted as its two ends of 4: 128 of 192 voxels
    reference = np.zeros((40, 12, 12), np.uint8)
    reference[2:14, 4:8, 4:8] = 1
    both = mm(cubes((2, BIG), (10, BIG)), reference)
    assert counts(both) == {"reference": 1, "found": 1}
    assert lesion_dice(both) == pytest.approx(2 * 128 / (192 + 128))


def test_one_prediction_over_two_lesions_is_scored_against_each() -> None:
    # 27 x 4 x 4 over two cubes 19 voxels apart: 64 of 64 and 432 voxels, twice
    prediction = np.zeros((40, 12, 12), np.uint8)
    prediction[2:29, 4:8, 4:8] = 1
    both = mm(prediction, cubes((2, BIG), (25, BIG)))
    assert counts(both) == {"reference": 2, "found": 2}
    assert lesion_dice(both) == pytest.approx(2 * 64 / (64 + 432))


def test_voxels_that_share_a_corner_are_one_prediction() -> None:
    reference = cubes((2, BIG))
    prediction = reference.copy()
    prediction[6, 8, 8] = 1  # diagonally next to the cube's last voxel (5, 7, 7)
    prediction[30, 4, 4] = prediction[31, 5, 5] = 1
    assert counts(mm(prediction, reference)) == {"reference": 1, "found": 1, "invented": 1}


def test_the_penalty_is_the_challenges() -> None:
    # the diagonal of 240 x 240 x 155 voxels of 1 mm, rounded up
    assert PENALTY_MM == 374 == np.ceil(np.linalg.norm([240, 240, 155]))
