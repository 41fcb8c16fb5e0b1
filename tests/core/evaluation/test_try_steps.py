"""What a panel tries of one case gives the mask and the scores that a checkpoint with it would have."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.scoring import score_case
from core.evaluation.try_steps import try_steps
from core.inference.prediction import Prediction
from core.postprocess import Step, clean
from core.volume import Box, Geometry

SHAPE = (20, 18, 9)
SIZES = (1.0, 2.0, 3.0)
NAMES = ("WT", "TC")


def said(**changes: object) -> Prediction:
    q = np.random.default_rng(1).integers(0, 256, (2, 12, 10, 6)).astype(np.uint8)
    box = Box((3, 2, 1), (15, 12, 7))
    return Prediction(q, box, SHAPE, NAMES, (128, 128), "x", **changes)  # type: ignore[arg-type]


def drawn() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    reference = np.zeros(SHAPE, np.uint8)
    reference[5:16, 4:12, 2:8] = 1
    reference[7:11, 5:9, 3:5] = 3
    return reference


def test_mask_and_scores_are_those_of_the_whole_way() -> None:
    steps = [Step(name="opening", arguments={"mm": 1.0}), Step(name="smallest_component", arguments={"ml": 0.1})]
    bits, scores = try_steps(said(), drawn(), NAMES, SIZES, (60, 90), steps)
    q = said().box.paste(said().probabilities, SHAPE)
    raw = ((q[0] >= 60) | (q[1] >= 90) << 1).astype(np.uint8)
    np.testing.assert_array_equal(bits, clean(raw, NAMES, SIZES, steps))
    whole = score_case(bits, drawn(), NAMES, Geometry(np.diag([*SIZES, 1.0])))
    for region in NAMES:
        for name in ("dice", "volume_ml", "reference_volume_ml", "prediction_voxels"):
            assert scores[region][name] == whole[region][name]


def test_without_a_reference_there_are_volumes_and_no_dice() -> None:
    _, scores = try_steps(said(), None, NAMES, SIZES, (128, 128), [])
    voxels = int((said().probabilities[0] >= 128).sum())
    assert scores["WT"]["volume_ml"] == pytest.approx(voxels * 6 / 1000)
    assert (scores["WT"]["dice"], scores["WT"]["dice_reason"]) == (None, "the case has no reference")
    assert scores["WT"]["reference_volume_ml"] is None


def test_without_voxel_sizes_there_are_voxels() -> None:
    _, scores = try_steps(said(), drawn(), NAMES, None, (128, 128), [])
    assert scores["WT"]["volume_ml"] is None
    assert scores["WT"]["prediction_voxels"] == int((said().probabilities[0] >= 128).sum())
    assert isinstance(scores["WT"]["dice"], float)


def test_nothing_predicted_and_nothing_drawn_have_the_reasons_of_the_tables() -> None:
    _, scores = try_steps(said(), drawn() * 0, NAMES, SIZES, (255, 255), [Step(name="opening", arguments={"mm": 9})])
    assert scores["WT"]["prediction_voxels"] == 0
    assert scores["WT"]["dice_reason"] == "reference and prediction are empty"


def test_regions_come_in_the_order_they_are_asked_for() -> None:
    bits, _ = try_steps(said(), None, ("RC", "TC"), SIZES, (128, 128), [])
    assert not (bits & 1).any()
    assert (bits >> 1).sum() == int((said().probabilities[1] >= 128).sum())


def test_a_threshold_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="found 1 thresholds; expected one for each of 2"):
        try_steps(said(), None, NAMES, SIZES, (128,), [])
