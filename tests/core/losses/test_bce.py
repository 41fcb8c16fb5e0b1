from __future__ import annotations

import math

import pytest
import torch

from core.arguments import ArgumentError
from core.losses import build_loss

# p = 3/4 where the reference is 1, p = 1/4 and 1/2 where it is 0
LOGITS = torch.tensor([math.log(3), -math.log(3), 0.0, 0.0]).reshape(1, 1, 2, 2)
TARGETS = torch.tensor([1.0, 0.0, 0.0, 0.0]).reshape(1, 1, 2, 2)


def test_four_pixels_by_hand() -> None:
    # -(log 3/4 + log 3/4 + log 1/2 + log 1/2) / 4
    expected = -(2 * math.log(0.75) + 2 * math.log(0.5)) / 4
    assert build_loss("bce")(LOGITS, TARGETS).item() == pytest.approx(expected)


def test_a_weight_of_three_counts_the_one_tumour_pixel_three_times() -> None:
    expected = -(3 * math.log(0.75) + math.log(0.75) + 2 * math.log(0.5)) / 4
    assert build_loss("bce", {"pos_weight": 3})(LOGITS, TARGETS).item() == pytest.approx(expected)


def test_a_sure_mistake_costs_its_logit_and_stays_finite() -> None:
    # -log(1 - sigmoid(100)) = 100 to machine precision
    wrong = torch.full((1, 1, 1, 1), 100.0)
    assert build_loss("bce")(wrong, torch.zeros(1, 1, 1, 1)).item() == pytest.approx(100.0)


def test_each_region_may_have_its_own_weight() -> None:
    logits = LOGITS.repeat(1, 2, 1, 1)
    targets = TARGETS.repeat(1, 2, 1, 1)
    once, thrice = (build_loss("bce", {"pos_weight": weight})(LOGITS, TARGETS).item() for weight in (1, 3))
    both = build_loss("bce", {"pos_weight": [1, 3]})(logits, targets).item()
    assert both == pytest.approx((once + thrice) / 2)


def test_weights_for_another_number_of_regions_are_refused() -> None:
    loss = build_loss("bce", {"pos_weight": [1, 2, 3]})
    with pytest.raises(ArgumentError, match="pos_weight has 3 values; expected one, or 1: one for each channel"):
        loss(LOGITS, TARGETS)


@pytest.mark.parametrize("wrong", [0, -1, "many", [], [1, 0], 1e9])
def test_a_weight_that_is_no_weight_is_refused(wrong: object) -> None:
    with pytest.raises(ArgumentError, match=r"loss bce: pos_weight(\.\d)? is "):
        build_loss("bce", {"pos_weight": wrong})
