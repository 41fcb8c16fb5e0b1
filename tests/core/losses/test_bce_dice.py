from __future__ import annotations

import math

import pytest
import torch

from core.arguments import ArgumentError
from core.losses import build_loss

LOGITS = torch.tensor([math.log(3), -math.log(3)]).reshape(1, 1, 1, 2)
TARGETS = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2)
BCE = -math.log(0.75)  # both pixels are 3/4 right
DICE = 1 / 6  # 1 - (2 * 3/4 + 1) / (1 + 1 + 1)


def test_the_terms_add_up_with_their_weights() -> None:
    assert build_loss("bce_dice")(LOGITS, TARGETS).item() == pytest.approx(BCE + DICE)
    weighted = build_loss("bce_dice", {"bce_weight": 0.25, "dice_weight": 3})
    assert weighted(LOGITS, TARGETS).item() == pytest.approx(0.25 * BCE + 3 * DICE)


@pytest.mark.parametrize(("alone", "value"), [("bce_weight", DICE), ("dice_weight", BCE)])
def test_a_weight_of_zero_leaves_the_other_term_with_its_gradient(alone: str, value: float) -> None:
    logits = LOGITS.clone().requires_grad_()
    loss = build_loss("bce_dice", {alone: 0})(logits, TARGETS)
    torch.autograd.backward(loss)
    assert loss.item() == pytest.approx(value)
    assert logits.grad is not None
    assert bool((logits.grad != 0).all())


def test_no_term_at_all_is_refused() -> None:
    with pytest.raises(ArgumentError, match="both 0; at least one must be positive"):
        build_loss("bce_dice", {"bce_weight": 0, "dice_weight": 0})
