from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from monai.losses.boundary_loss import BoundaryLoss

from core.losses import build_loss
from core.losses.boundary import signed_distance
from tests.core.losses.drawn import classes, regions

DIAGONAL = math.hypot(9, 7)


def test_distances_count_from_between_the_pixels_and_are_negative_inside() -> None:
    row = signed_distance(np.array([[0, 0, 1, 1, 1, 0]], np.float32)) * math.hypot(1, 6)
    assert row[0].tolist() == pytest.approx([1.5, 0.5, -0.5, -1.5, -0.5, 0.5])


def test_without_an_outline_everything_is_a_diagonal_away() -> None:
    assert (signed_distance(np.zeros((3, 4), np.float32)) == 1).all()
    assert (signed_distance(np.ones((3, 4), np.float32)) == -1).all()


def test_a_false_pixel_costs_its_distance() -> None:
    # six pixels in a row; the false one is 2 pixels from the reference's only pixel, 1.5 from its edge
    targets = torch.tensor([1.0, 0, 0, 0, 0, 0]).reshape(1, 1, 1, 6)
    predicted = torch.tensor([1.0, 0, 1, 0, 0, 0]).reshape(1, 1, 1, 6)
    value = build_loss("boundary")((predicted * 2 - 1) * 40, targets)
    assert value.item() == pytest.approx(1.5 / math.hypot(1, 6) / 6)


def monais(probabilities: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Theirs in our terms: its outline runs through the first pixels inside, half a pixel from ours."""

    def integral(shares: torch.Tensor) -> torch.Tensor:
        return BoundaryLoss()(shares, targets) - 0.5 * shares.mean()

    return (integral(probabilities) - integral(targets)) / DIAGONAL


def test_over_regions_it_agrees_with_monai_but_for_half_a_pixel_and_a_constant() -> None:
    logits, targets = regions()
    assert torch.allclose(build_loss("boundary")(logits, targets), monais(logits.sigmoid(), targets), rtol=1e-4)


def test_over_classes_it_agrees_with_monai_but_for_half_a_pixel_and_a_constant() -> None:
    logits, targets, _ = classes()
    expected = monais(logits.softmax(1)[:, 1:], targets[:, 1:])
    assert torch.allclose(build_loss("boundary", {}, "classes")(logits, targets), expected, rtol=1e-4)
    expected = monais(logits.softmax(1), targets)
    found = build_loss("boundary", {"background": True}, "classes")(logits, targets)
    assert torch.allclose(found, expected, rtol=1e-4)


def test_far_false_positives_cost_more_than_near_ones() -> None:
    targets = torch.zeros(1, 1, 20, 20)
    targets[..., :4, :4] = 1
    near, far = targets.clone(), targets.clone()
    near[..., :4, 5:7] = 1
    far[..., 16:20, 18:20] = 1
    loss = build_loss("boundary")
    assert loss((far * 2 - 1) * 20, targets) > 3 * loss((near * 2 - 1) * 20, targets)
