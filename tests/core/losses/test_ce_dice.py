from __future__ import annotations

import pytest
import torch
from monai.losses.dice import DiceCELoss

from core.arguments import ArgumentError
from core.losses import build_loss
from tests.core.losses.drawn import classes


def test_the_terms_add_up_with_their_weights() -> None:
    logits, targets, _ = classes()
    ce, dice = (build_loss(name, {}, "classes")(logits, targets).item() for name in ("ce", "dice"))
    weighted = build_loss("ce_dice", {"ce_weight": 0.25, "dice_weight": 3}, "classes")
    assert weighted(logits, targets).item() == pytest.approx(0.25 * ce + 3 * dice)


@pytest.mark.parametrize("background", [False, True])
def test_it_agrees_with_monai(background: bool) -> None:
    logits, targets, _ = classes()
    theirs = DiceCELoss(include_background=True, softmax=True, batch=True, smooth_nr=1.0, smooth_dr=1.0)
    if not background:  # theirs would leave it out of the cross-entropy too
        theirs.dice.include_background = False
    ours = build_loss("ce_dice", {"background": background}, "classes")
    assert torch.allclose(ours(logits, targets), theirs(logits, targets))


def test_no_term_at_all_is_refused() -> None:
    with pytest.raises(ArgumentError, match="both 0; at least one must be positive"):
        build_loss("ce_dice", {"ce_weight": 0, "dice_weight": 0}, "classes")
