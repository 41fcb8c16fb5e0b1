from __future__ import annotations

import pytest
import torch
from monai.losses.tversky import TverskyLoss

from core.arguments import ArgumentError
from core.losses import build_loss
from tests.core.losses.drawn import classes, regions


def test_one_false_and_two_missed_pixels_by_hand() -> None:
    # reference 3 px, of which 1 is found, and 1 px false: 1 - (1 + 1) / (1 + 0.3 * 1 + 0.7 * 2 + 1) = 1.7 / 3.7
    targets = torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0]).reshape(1, 1, 1, 5)
    predicted = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.0]).reshape(1, 1, 1, 5)
    assert build_loss("tversky")((predicted * 2 - 1) * 40, targets).item() == pytest.approx(1.7 / 3.7)


def test_a_half_each_is_dice_with_half_its_smooth() -> None:
    logits, targets = regions()
    half = build_loss("tversky", {"alpha": 0.5, "beta": 0.5, "smooth": 0.5})
    assert torch.allclose(half(logits, targets), build_loss("dice")(logits, targets))


@pytest.mark.parametrize("over", ["batch", "sample"])
def test_over_regions_it_agrees_with_monai(over: str) -> None:
    logits, targets = regions()
    theirs = TverskyLoss(sigmoid=True, alpha=0.3, beta=0.7, smooth_nr=1.0, smooth_dr=1.0, batch=over == "batch")
    assert torch.allclose(build_loss("tversky", {"over": over})(logits, targets), theirs(logits, targets))


@pytest.mark.parametrize("background", [False, True])
def test_over_classes_it_agrees_with_monai(background: bool) -> None:
    logits, targets, _ = classes()
    theirs = TverskyLoss(
        include_background=background, softmax=True, alpha=0.3, beta=0.7, smooth_nr=1.0, smooth_dr=1.0, batch=True
    )
    ours = build_loss("tversky", {"background": background}, "classes")
    assert torch.allclose(ours(logits, targets), theirs(logits, targets))


def test_weights_that_would_forgive_everything_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"alpha and beta add up to less than 0\.1"):
        build_loss("tversky", {"alpha": 0.01, "beta": 0.01})
    with pytest.raises(ArgumentError, match="alpha is 0: input should be greater than 0"):
        build_loss("tversky", {"alpha": 0})
