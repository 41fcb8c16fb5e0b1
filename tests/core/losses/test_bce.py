from __future__ import annotations

import math

import pytest
import torch

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
