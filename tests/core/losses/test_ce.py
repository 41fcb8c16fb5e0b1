from __future__ import annotations

import math

import pytest
import torch

from core.arguments import ArgumentError
from core.losses import build_loss
from tests.core.losses.drawn import classes

# softmax of (log 3, 0): 3/4 and 1/4; the first pixel is background, the second is of class 1
LOGITS = torch.tensor([[math.log(3), math.log(3)], [0.0, 0.0]]).reshape(1, 2, 1, 2)
TARGETS = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).reshape(1, 2, 1, 2)


def test_two_pixels_by_hand() -> None:
    expected = -(math.log(3 / 4) + math.log(1 / 4)) / 2
    assert build_loss("ce", {}, "classes")(LOGITS, TARGETS).item() == pytest.approx(expected)


def test_class_weights_are_of_the_mean() -> None:
    expected = -(math.log(3 / 4) + 3 * math.log(1 / 4)) / (1 + 3)
    assert build_loss("ce", {"class_weights": [1, 3]}, "classes")(LOGITS, TARGETS).item() == pytest.approx(expected)


@pytest.mark.parametrize("weights", [None, [0.5, 1.0, 2.0, 8.0]])
def test_it_agrees_with_torch(weights: list[float] | None) -> None:
    logits, targets, indices = classes()
    theirs = torch.nn.CrossEntropyLoss(torch.tensor(weights) if weights else None)
    ours = build_loss("ce", {"class_weights": weights} if weights else {}, "classes")
    assert torch.allclose(ours(logits, targets), theirs(logits, indices))


def test_weights_for_another_number_of_classes_are_refused() -> None:
    loss = build_loss("ce", {"class_weights": [1, 2, 3]}, "classes")
    with pytest.raises(ArgumentError, match="class_weights has 3 values; expected one, or 2: one for each channel"):
        loss(LOGITS, TARGETS)
