"""Risk against coverage: areas worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.risk_coverage import expected_dice, risk_coverage
from core.inference.prediction import Prediction
from core.volume import Box

DICE = {"a": 0.9, "b": 0.7, "c": 0.5}  # risks 0.1, 0.3, 0.5


def test_the_best_order_has_the_least_area() -> None:
    """0.1, (0.1 + 0.3) / 2 = 0.2, 0.9 / 3 = 0.3: their mean is 0.2."""
    found = risk_coverage({"a": 3.0, "b": 2.0, "c": 1.0}, DICE)
    assert [point["risk"] for point in found["points"]] == pytest.approx([0.1, 0.2, 0.3])
    assert [point["coverage"] for point in found["points"]] == pytest.approx([1 / 3, 2 / 3, 1])
    assert (found["aurc"], found["optimal"], found["excess"], found["risk"]) == pytest.approx((0.2, 0.2, 0.0, 0.3))


def test_the_worst_order_has_the_largest() -> None:
    """0.5, 0.4, 0.3: 0.4, which is 0.2 more than the best."""
    found = risk_coverage({"a": 1.0, "b": 2.0, "c": 3.0}, DICE)
    assert (found["aurc"], found["excess"]) == pytest.approx((0.4, 0.2))


def test_equal_confidence_says_nothing_whatever_the_cases_are_called() -> None:
    """All alike: the risk is 0.3 at every coverage. Two alike: 0.5, then with (0.1 + 0.3) / 2 each 0.35 and 0.3."""
    alike = risk_coverage(dict.fromkeys(DICE, 1.0), DICE)
    assert [point["risk"] for point in alike["points"]] == pytest.approx([0.3, 0.3, 0.3])
    two = risk_coverage({"a": 1.0, "b": 1.0, "c": 2.0}, DICE)
    renamed = risk_coverage({"b": 1.0, "a": 1.0, "c": 2.0}, {"b": 0.9, "a": 0.7, "c": 0.5})
    assert [point["risk"] for point in two["points"]] == pytest.approx([0.5, 0.35, 0.3])
    assert two == renamed


def test_cases_that_the_policy_leaves_out_are_left_out() -> None:
    found = risk_coverage({"a": 1.0, "b": 2.0, "d": 3.0}, {"a": 0.5, "b": None, "c": 0.1})
    assert (found["n"], found["aurc"]) == (1, 0.5)


def test_without_cases_there_is_no_number_and_a_reason() -> None:
    found = risk_coverage({}, {"a": None})
    assert (found["n"], found["aurc"], found["points"]) == (0, None, [])
    assert found["reason"] == "no case has both a confidence and a score"


def predicted(*values: int, class_bits: tuple[int, ...] = ()) -> Prediction:
    channels = len(class_bits) or 1
    probabilities = np.array(values, np.uint8).reshape(channels, -1, 1, 1)
    shape = probabilities.shape[1:]
    return Prediction(probabilities, Box.whole(shape), shape, ("WT",), (128,), "id", class_bits)  # type: ignore[arg-type]


def test_expected_dice_by_hand() -> None:
    """204 and 153 are in the mask, 51 is not: 2 x (0.8 + 0.6) / (2 + 0.8 + 0.6 + 0.2) = 2.8 / 3.6."""
    assert expected_dice(predicted(204, 153, 51), "WT") == pytest.approx(2.8 / 3.6)
    assert expected_dice(predicted(255, 255, 0), "WT") == 1.0


def test_a_mask_that_claims_nothing_has_no_confidence() -> None:
    assert expected_dice(predicted(100, 0, 0), "WT") == 0.0
    assert expected_dice(predicted(0, 0, 0), "WT") == 0.0


def test_expected_dice_of_a_class_is_that_of_its_probability() -> None:
    """Background 51 and 153, the class 204 and 102: the first voxel is in the mask. 2 x 0.8 / (1 + 0.8 + 0.4)."""
    assert expected_dice(predicted(51, 153, 204, 102, class_bits=(0, 1)), "WT") == pytest.approx(1.6 / 2.2)
