"""One case's scores, in the shape that the command line prints."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.errors import RefusedError
from core.evaluation.scoring import DEFAULT_METRICS, Scoring, score_case, score_whole_case, scoring_words
from core.metrics import UnknownMetricError
from core.metrics.empty_masks import POLICIES
from core.volume import Geometry

WT, TC, ET = 1, 2, 4
REGIONS = ("WT", "TC", "ET")
GEOMETRY = Geometry(np.diag([1.0, 1.0, 5.5, 1.0]))
# voxels of 1 x 1 x 5.5 mm. An element at a corner of the mask has an eighth of an octahedron's face, one at an edge
# that runs through it half a rhombus. One voxel: 8 corners. Two on top of each other: 8 corners and 4 such edges, of
# which the prediction's 8 lie on the same points as 4 corners and the 4 edges; the other 4 corners are 5.5 mm away
CORNER = np.sqrt(2 * 5.5**2 + 1) / 8
EDGE = np.sqrt(2) * 5.5 / 2
ONE_OF_TWO_VOXELS_NSD = (8 * CORNER + 4 * CORNER + 4 * EDGE) / (8 * CORNER + 8 * CORNER + 4 * EDGE)


def masks() -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]], np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """WT: one of two voxels found; TC: missed; ET: one voxel invented."""
    prediction, reference = np.zeros((2, 3, 4, 2), np.uint8)
    reference[0, 0, 0] = WT | TC
    reference[0, 0, 1] = WT
    prediction[0, 0, 0] = WT | ET
    return prediction, reference


def test_every_region_is_scored_in_its_units() -> None:
    scores = score_case(*masks(), REGIONS, GEOMETRY)
    assert list(scores) == list(REGIONS)
    # WT: TP 1, FN 1; the missed voxel is 5.5 mm from the found one, the found one 0: 0.95 * 5.5
    assert scores["WT"] == {
        "dice": pytest.approx(2 / 3),
        "iou": 0.5,
        "precision": 1.0,
        "recall": 0.5,
        "hd95_mm": pytest.approx(5.225),
        "assd_mm": pytest.approx(5.5 / 3),  # 0 of the prediction, 0 and 5.5 of the reference
        "nsd": pytest.approx(ONE_OF_TWO_VOXELS_NSD),
        "volume_error_ml": pytest.approx(0.0055),
        "lesion_dice": None,
        "lesion_dice_reason": "no lesion of the reference is above 50 mm3, and none was invented",
        "lesion_hd95_mm": None,
        "lesion_hd95_mm_reason": "no lesion of the reference is above 50 mm3, and none was invented",
        "lesion_f1": None,
        "lesion_f1_reason": "no lesion of the reference is above 50 mm3, and none was invented",
        "lesions_reference": 0,
        "lesions_found": 0,
        "lesions_missed": 0,
        "lesions_invented": 0,
        "lesions_too_small": 1,
        "volume_ml": pytest.approx(0.0055),
        "reference_volume_ml": pytest.approx(0.011),
        "prediction_voxels": 1,
        "reference_voxels": 2,
    }


def test_a_missed_region_is_scored_and_flagged() -> None:
    scores = score_case(*masks(), REGIONS, GEOMETRY)["TC"]
    assert scores["dice"] == 0.0
    assert scores["dice_flag"] == "the prediction is empty: set by the leave-out policy"
    assert scores["hd95_mm"] == pytest.approx(np.linalg.norm([3, 4, 11]))
    assert scores["hd95_mm_flag"] == "the prediction is empty: the image diagonal stands for the distance"


def test_the_diagonal_is_the_whole_images_when_the_masks_are_cut_to_a_box() -> None:
    scores = score_case(*masks(), REGIONS, GEOMETRY, shape=(240, 240, 155))["TC"]
    assert scores["hd95_mm"] == pytest.approx(np.linalg.norm([240, 240, 155 * 5.5]))


def test_an_invented_region_is_left_out_with_its_millilitres() -> None:
    scores = score_case(*masks(), REGIONS, GEOMETRY)["ET"]
    assert scores["dice"] is None
    assert scores["dice_reason"] == "the reference is empty"
    assert scores["hd95_mm"] is None
    assert scores["false_positive_ml"] == pytest.approx(0.0055)


def test_the_brats_policy_can_be_chosen() -> None:
    scores = score_case(*masks(), REGIONS, GEOMETRY, scoring=Scoring(policy=POLICIES["brats"]))["ET"]
    assert scores["dice"] == 0.0
    assert scores["hd95_mm"] == pytest.approx(373.13, abs=0.005)
    assert scores["false_positive_ml"] == pytest.approx(0.0055)


def test_without_geometry_distances_are_in_voxels_and_volumes_have_a_reason() -> None:
    scores = score_case(*masks(), REGIONS, None)["WT"]
    assert scores["hd95_mm"] is None
    assert scores["hd95_mm_reason"] == "the image has no voxel sizes, so nothing is in mm; hd95_px is given instead"
    assert scores["hd95_px"] == pytest.approx(0.95)
    assert scores["volume_ml"] is None
    assert scores["volume_ml_reason"] == "the image has no voxel sizes, so nothing is in ml"
    assert scores["reference_voxels"] == 2


def test_scores_and_conventions_are_plain_json() -> None:
    for geometry in (GEOMETRY, None):
        scores = score_case(*masks(), REGIONS, geometry)
        assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    said = json.loads(json.dumps(scoring_words()))
    assert list(said["metrics"]) == list(DEFAULT_METRICS)
    assert said["nsd_tolerance_mm"] == 1.0
    assert "6-connected" in said["metrics"]["hd95_mm"]["definition"]
    assert said["empty_masks"]["name"] == "leave-out"


def test_an_unknown_metric_is_refused_before_anything_is_computed() -> None:
    with pytest.raises(UnknownMetricError, match="'sensitivity'; known: dice"):
        score_case(*masks(), REGIONS, GEOMETRY, scoring=Scoring(("dice", "sensitivity")))


def test_a_wider_tolerance_lets_the_other_slice_count() -> None:
    nsd = [
        score_case(*masks(), REGIONS, GEOMETRY, scoring=Scoring(("nsd",), tolerance_mm=tolerance))["WT"]["nsd"]
        for tolerance in (0.0, 5.4, 5.5)
    ]
    assert nsd == [pytest.approx(ONE_OF_TWO_VOXELS_NSD), pytest.approx(ONE_OF_TWO_VOXELS_NSD), 1.0]


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_a_tolerance_that_is_no_distance_is_refused(tolerance: float) -> None:
    with pytest.raises(RefusedError, match="expected a distance of 0 mm or more"):
        Scoring(tolerance_mm=tolerance)


def test_the_mean_iou_of_a_case_is_that_of_its_regions_with_a_number() -> None:
    # WT 0.5, TC 0 (missed), ET left out; under the other policy ET counts 0
    assert score_whole_case(score_case(*masks(), REGIONS, GEOMETRY)) == {"mean_iou": 0.25}
    strict = Scoring(policy=POLICIES["brats"])
    assert score_whole_case(score_case(*masks(), REGIONS, GEOMETRY, scoring=strict))["mean_iou"] == pytest.approx(1 / 6)
    nothing = {"ET": score_case(*masks(), REGIONS, GEOMETRY)["ET"]}
    assert score_whole_case(nothing) == {"mean_iou": None}


def test_an_all_background_answer_stands_beside_the_accuracy() -> None:
    # 24 voxels, 2 of them WT, of which the prediction has one: 23 are right, and 22 would be without it
    scores = score_case(*masks(), REGIONS, None, scoring=Scoring(("accuracy",)))["WT"]
    assert scores["accuracy"] == pytest.approx(23 / 24)
    assert scores["background_accuracy"] == pytest.approx(22 / 24)
