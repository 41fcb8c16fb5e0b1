from __future__ import annotations

import math

import pytest
import torch
from monai.losses.focal_loss import FocalLoss

from core.arguments import ArgumentError
from core.losses import build_loss
from tests.core.losses.drawn import classes, regions


def test_two_pixels_by_hand() -> None:
    # p = 3/4 on the tumour pixel (right by 3/4) and 3/4 beside it (right by 1/4)
    logits = torch.full((1, 1, 1, 2), math.log(3))
    targets = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2)
    expected = -((1 / 4) ** 2 * math.log(3 / 4) + (3 / 4) ** 2 * math.log(1 / 4)) / 2
    assert build_loss("focal")(logits, targets).item() == pytest.approx(expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_over_regions_it_agrees_with_monai(gamma: float, alpha: float | None) -> None:
    logits, targets = regions()
    theirs = FocalLoss(gamma=gamma, alpha=alpha)
    assert torch.allclose(
        build_loss("focal", {"gamma": gamma, "alpha": alpha})(logits, targets), theirs(logits, targets)
    )


def test_over_classes_it_is_monai_s_summed_over_the_classes() -> None:
    # theirs averages over the K channels, of which one a pixel counts
    logits, targets, _ = classes()
    theirs = 4 * FocalLoss(gamma=2.0, use_softmax=True)(logits, targets)
    assert torch.allclose(build_loss("focal", {}, "classes")(logits, targets), theirs)


def test_over_classes_gamma_0_is_cross_entropy() -> None:
    logits, targets, _ = classes()
    focal, ce = build_loss("focal", {"gamma": 0}, "classes"), build_loss("ce", {}, "classes")
    assert torch.allclose(focal(logits, targets), ce(logits, targets))


def test_class_weights_multiply_their_pixels() -> None:
    logits, targets, _ = classes()
    once, twice = (
        build_loss("focal", {"class_weights": weights}, "classes")(logits, targets) for weights in ([1], [2, 2, 2, 2])
    )
    assert torch.allclose(2 * once, twice)
    rare = build_loss("focal", {"class_weights": [1, 1, 1, 9]}, "classes")(logits, targets)
    assert rare > once


def test_a_weight_for_the_other_target_is_refused() -> None:
    with pytest.raises(ArgumentError, match="alpha is for regions; exclusive classes take class_weights"):
        build_loss("focal", {"alpha": 0.25}, "classes")
    with pytest.raises(ArgumentError, match="class_weights is for exclusive classes; regions take alpha"):
        build_loss("focal", {"class_weights": [1, 2]}, "regions")
