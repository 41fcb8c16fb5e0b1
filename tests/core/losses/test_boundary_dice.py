from __future__ import annotations

import pytest

from core.arguments import ArgumentError
from core.losses import build_loss
from tests.core.losses.drawn import regions


def test_the_terms_add_up_with_their_weights() -> None:
    logits, targets = regions()
    boundary, dice = (build_loss(name)(logits, targets).item() for name in ("boundary", "generalised_dice"))
    weighted = build_loss("boundary_dice", {"boundary_weight": 0.25, "dice_weight": 3})
    assert weighted(logits, targets).item() == pytest.approx(0.25 * boundary + 3 * dice)


def test_no_term_at_all_is_refused() -> None:
    with pytest.raises(ArgumentError, match="both 0; at least one must be positive"):
        build_loss("boundary_dice", {"boundary_weight": 0, "dice_weight": 0})
