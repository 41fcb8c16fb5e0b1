from __future__ import annotations

import pytest
import torch
from monai.losses.tversky import TverskyLoss

from core.arguments import ArgumentError
from core.losses import build_loss
from tests.core.losses.drawn import classes, regions


def test_one_false_and_two_missed_pixels_by_hand() -> None:
    # Tversky's distance is 1.7 / 3.7, see there; to the power 3/4
    targets = torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0]).reshape(1, 1, 1, 5)
    predicted = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.0]).reshape(1, 1, 1, 5)
    value = build_loss("focal_tversky")((predicted * 2 - 1) * 40, targets).item()
    assert value == pytest.approx((1.7 / 3.7) ** 0.75, abs=1e-4)


@pytest.mark.parametrize("gamma", [0.75, 1.0, 4 / 3, 2.0])
def test_it_is_the_mean_power_of_monai_s_tversky_distances(gamma: float) -> None:
    logits, targets = regions()
    theirs = TverskyLoss(sigmoid=True, alpha=0.3, beta=0.7, smooth_nr=1.0, smooth_dr=1.0, batch=True, reduction="none")
    expected = (theirs(logits, targets) ** (1 / gamma)).mean()
    # the offset that keeps the slope finite: sqrt(1e-6) at gamma 2
    assert torch.allclose(build_loss("focal_tversky", {"gamma": gamma})(logits, targets), expected, atol=1.1e-3)


def test_gamma_1_is_the_tversky_loss() -> None:
    logits, targets, _ = classes()
    focal, plain = build_loss("focal_tversky", {"gamma": 1}, "classes"), build_loss("tversky", {}, "classes")
    assert torch.allclose(focal(logits, targets), plain(logits, targets))


def test_the_slope_at_a_perfect_prediction_is_a_number() -> None:
    targets = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2)
    logits = ((targets * 2 - 1) * 200).requires_grad_()
    value = build_loss("focal_tversky")(logits, targets)
    torch.autograd.backward(value)
    assert value.item() == 0.0
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())


def test_a_gamma_out_of_range_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"gamma is 0: input should be greater than or equal to 0\.5"):
        build_loss("focal_tversky", {"gamma": 0})
