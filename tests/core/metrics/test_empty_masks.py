"""What scores mean when a mask is empty."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics import METRICS
from core.metrics.empty_masks import POLICIES, Score, UnknownPolicyError, policy_named, score
from core.volume import Geometry
from tests.core.metrics.masks import Bits, geometry, pair, voxels

LEAVE_OUT, BRATS = POLICIES["leave-out"], POLICIES["brats"]
EMPTY, VOXEL = voxels(shape=(3, 4, 12)), voxels((1, 1, 1), shape=(3, 4, 12))
MM = geometry(1, 1, 1)


def scored(metric: str, prediction: Bits, reference: Bits, policy: str, where: Geometry | None = MM) -> Score:
    return score(METRICS[metric], pair(prediction, reference, where), policy_named(policy))


@pytest.mark.parametrize("metric", METRICS)
def test_an_empty_reference_is_left_out_with_the_reason(metric: str) -> None:
    assert scored(metric, VOXEL, EMPTY, "leave-out") == Score(None, reason="the reference is empty")
    assert scored(metric, EMPTY, EMPTY, "leave-out") == Score(None, reason="reference and prediction are empty")


def test_a_missed_region_scores_no_overlap_and_the_image_diagonal() -> None:
    # 3 x 4 x 12 voxels of 1 mm: 13 mm; of 10 x 10 x 10 mm: 130 mm
    assert scored("dice", EMPTY, VOXEL, "leave-out").value == 0.0
    assert scored("iou", EMPTY, VOXEL, "leave-out").value == 0.0
    missed = scored("hd95_mm", EMPTY, VOXEL, "leave-out")
    assert missed.value == pytest.approx(13.0)
    assert missed.flag == "the prediction is empty: the image diagonal stands for the distance"
    assert scored("hd95_mm", EMPTY, VOXEL, "leave-out", geometry(10, 10, 10)).value == pytest.approx(130.0)
    assert scored("hd95_px", EMPTY, VOXEL, "leave-out", geometry(10, 10, 10)).value == pytest.approx(13.0)


def test_a_missed_voxel_is_its_volume() -> None:
    missed = scored("volume_error_ml", EMPTY, VOXEL, "leave-out")
    assert missed.value == pytest.approx(0.001)
    assert missed.flag is None


@pytest.mark.parametrize("metric", ["precision", "recall", "nsd", "instance_f1", "instance_dice"])
def test_a_missed_region_scores_zero_wherever_the_overlap_does(metric: str) -> None:
    missed = scored(metric, EMPTY, VOXEL, "leave-out")
    assert (missed.value, missed.flag) == (0.0, "the prediction is empty: set by the leave-out policy")


@pytest.mark.parametrize("metric", ["hd_mm", "hd95_pooled_mm", "hd95_elements_mm", "assd_mm"])
def test_a_missed_region_is_the_image_diagonal_away_by_every_distance(metric: str) -> None:
    assert scored(metric, EMPTY, VOXEL, "leave-out", geometry(10, 10, 10)).value == pytest.approx(130.0)
    assert scored(metric, EMPTY, EMPTY, "brats").value == 0.0
    assert scored(metric, VOXEL, EMPTY, "brats").value == pytest.approx(373.13, abs=0.005)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_missed_region_leaves_the_background_alone(policy: str) -> None:
    # 144 voxels, one of them missed
    assert scored("specificity", EMPTY, VOXEL, policy) == Score(1.0)
    assert scored("accuracy", EMPTY, VOXEL, policy) == Score(143 / 144)
    assert scored("volume_error_percent", EMPTY, VOXEL, policy) == Score(100.0)


def test_brats_counts_what_was_invented_and_no_percentage_of_nothing() -> None:
    assert scored("specificity", VOXEL, EMPTY, "brats") == Score(143 / 144)
    assert scored("accuracy", EMPTY, EMPTY, "brats") == Score(1.0)
    assert scored("volume_error_ml", VOXEL, EMPTY, "brats").value == pytest.approx(0.001)
    assert scored("volume_error_percent", VOXEL, EMPTY, "brats") == Score(
        None, reason="the reference is empty, and nothing is a percentage of it"
    )


@pytest.mark.parametrize(("metric", "missed", "agreed"), [("dice", 0, 1), ("f1", 0, 1), ("hd95_mm", 374, 0)])
def test_lesions_missed_and_invented_score_what_brats_2023_gives_them(
    metric: str, missed: float, agreed: float
) -> None:
    lesion = np.ones((6, 4, 4), np.uint8)  # 96 mm3
    nothing = np.zeros_like(lesion)
    name = f"lesion_{metric}"
    for policy in POLICIES:
        assert scored(name, nothing, lesion, policy) == Score(missed)
    assert scored(name, lesion, nothing, "brats") == Score(missed)
    assert scored(name, nothing, nothing, "brats") == Score(
        agreed, flag="reference and prediction are empty: set by the brats policy"
    )


def test_a_reference_without_a_lesion_that_counts_is_empty_to_lesion_wise_scores() -> None:
    # one voxel, found: 1 mm3 is too small to count, and nothing was invented
    why = "no lesion of the reference is above 50 mm3, and none was invented"
    assert scored("lesion_dice", VOXEL, VOXEL, "leave-out") == Score(None, reason=why)
    assert scored("lesion_dice", VOXEL, VOXEL, "brats") == Score(1.0, flag=f"{why}: set by the brats policy")
    assert scored("lesion_hd95_mm", VOXEL, VOXEL, "brats").value == 0.0


def test_brats_rewards_agreement_on_nothing_and_fines_anything_else() -> None:
    assert scored("dice", EMPTY, EMPTY, "brats").value == 1.0
    assert scored("hd95_mm", EMPTY, EMPTY, "brats").value == 0.0
    for prediction, reference in ((VOXEL, EMPTY), (EMPTY, VOXEL)):
        assert scored("dice", prediction, reference, "brats").value == 0.0
        assert scored("hd95_mm", prediction, reference, "brats").value == pytest.approx(373.13, abs=0.005)
        assert scored("dice", prediction, reference, "brats").flag is not None


@pytest.mark.parametrize("policy", POLICIES)
def test_two_masks_with_voxels_are_left_to_the_formula(policy: str) -> None:
    assert scored("dice", VOXEL, VOXEL, policy) == Score(1.0)
    assert scored("hd95_mm", VOXEL, VOXEL, policy) == Score(0.0)


def test_a_formula_without_a_value_says_why() -> None:
    full, corner = np.ones((3, 3, 3), np.uint8), voxels((0, 0, 0), shape=(3, 3, 3))
    assert scored("specificity", corner, full, "brats") == Score(
        None, reason="the reference fills the image, so that there is no background to leave alone"
    )
    assert scored("instance_dice", corner, full, "leave-out") == Score(
        None, reason="no predicted component has an IoU above 0.5 with one of the reference"
    )


def test_without_voxel_sizes_there_is_no_tolerance_in_mm() -> None:
    assert scored("nsd", VOXEL, VOXEL, "leave-out", None) == Score(
        None, reason="the image has no voxel sizes, so nothing is in mm"
    )


def test_without_voxel_sizes_millimetres_are_refused_with_what_is_given_instead() -> None:
    assert scored("hd95_mm", VOXEL, VOXEL, "leave-out", None) == Score(
        None, reason="the image has no voxel sizes, so nothing is in mm; hd95_px is given instead"
    )


def test_an_unknown_policy_answers_with_the_known() -> None:
    with pytest.raises(UnknownPolicyError, match="leave-out, brats"):
        policy_named("optimistic")


def test_a_policy_goes_into_json_in_words_and_numbers() -> None:
    written = LEAVE_OUT.to_json()
    assert written["prediction_empty"] == {
        "overlap": 0.0,
        "distance": "image diagonal",
        "volume": "computed",
        "background": "computed",
        "lesions": "computed",
    }
    assert "left out for every model" in written["words"]
    assert BRATS.to_json()["both_empty"]["overlap"] == 1.0
