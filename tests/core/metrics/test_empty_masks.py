"""What scores mean when a mask is empty."""

from __future__ import annotations

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


@pytest.mark.parametrize("metric", ["dice", "iou", "hd95_mm", "volume_error_ml"])
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


def test_without_voxel_sizes_millimetres_are_refused_with_what_is_given_instead() -> None:
    assert scored("hd95_mm", VOXEL, VOXEL, "leave-out", None) == Score(
        None, reason="the image has no voxel sizes, so nothing is in mm; hd95_px is given instead"
    )


def test_an_unknown_policy_answers_with_the_known() -> None:
    with pytest.raises(UnknownPolicyError, match="leave-out, brats"):
        policy_named("optimistic")


def test_a_policy_goes_into_json_in_words_and_numbers() -> None:
    written = LEAVE_OUT.to_json()
    assert written["prediction_empty"] == {"overlap": 0.0, "distance": "image diagonal", "volume": "computed"}
    assert "left out for every model" in written["words"]
    assert BRATS.to_json()["both_empty"]["overlap"] == 1.0
