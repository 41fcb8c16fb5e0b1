from __future__ import annotations

import pytest
import torch
from monai.losses.dice import GeneralizedDiceLoss

from core.losses import build_loss
from tests.core.losses.drawn import classes, regions

TINY = 1e-6  # theirs has its smooth outside the weights; without it both are the published formula


def sure(*rows: tuple[int, ...]) -> torch.Tensor:
    return (masks(*rows) * 2 - 1) * 40


def masks(*rows: tuple[int, ...]) -> torch.Tensor:
    """One slice of one row of pixels, a channel each."""
    return torch.tensor(rows, dtype=torch.float32).reshape(1, len(rows), 1, -1)


def test_a_large_and_a_small_region_by_hand() -> None:
    # volumes 4 and 1, weights (1/4)^2 and 1; one pixel of the large one and all of the small one missed:
    # 1 - (2 (3/16 + 0) + 1) / ((3 + 4)/16 + (0 + 1) + 1) = 1 - 1.375 / 2.4375
    targets = masks((1, 1, 1, 1, 0), (0, 0, 0, 0, 1))
    value = build_loss("generalised_dice")(sure((1, 1, 1, 0, 0), (0, 0, 0, 0, 0)), targets)
    assert value.item() == pytest.approx(1 - 1.375 / 2.4375)


def test_a_region_that_is_not_there_weighs_as_much_as_the_smallest_that_is() -> None:
    # volumes 4, 2 and 0, weights 1/4, 1 and 1; two false pixels in the last:
    # 1 - (2 (4/4 + 2) + 1) / (8/4 + 4 + 2 + 1) = 2 / 9
    targets = masks((1, 1, 1, 1, 0), (1, 1, 0, 0, 0), (0, 0, 0, 0, 0))
    value = build_loss("generalised_dice")(sure((1, 1, 1, 1, 0), (1, 1, 0, 0, 0), (1, 1, 0, 0, 0)), targets)
    assert value.item() == pytest.approx(2 / 9)


def test_where_nothing_is_there_at_all_false_positives_cost_as_in_dice() -> None:
    targets = masks((0, 0, 0, 0), (0, 0, 0, 0))
    # 3 px false: 1 - (0 + 1) / (3 + 0 + 1)
    assert build_loss("generalised_dice")(sure((1, 1, 0, 0), (1, 0, 0, 0)), targets).item() == pytest.approx(3 / 4)
    assert build_loss("generalised_dice")(sure((0, 0, 0, 0), (0, 0, 0, 0)), targets).item() == pytest.approx(0)


@pytest.mark.parametrize("over", ["batch", "sample"])
def test_over_regions_it_agrees_with_monai(over: str) -> None:
    logits, targets = regions()
    theirs = GeneralizedDiceLoss(sigmoid=True, batch=over == "batch", smooth_nr=0, smooth_dr=0)
    ours = build_loss("generalised_dice", {"over": over, "smooth": TINY})
    assert torch.allclose(ours(logits, targets), theirs(logits, targets))


def test_with_an_absent_region_it_agrees_with_monai() -> None:
    logits, targets = regions(channels=3)
    targets[:, 1] = 0
    theirs = GeneralizedDiceLoss(sigmoid=True, batch=True, smooth_nr=0, smooth_dr=0)
    ours = build_loss("generalised_dice", {"smooth": TINY})
    assert torch.allclose(ours(logits, targets), theirs(logits, targets))


@pytest.mark.parametrize("background", [False, True])
def test_over_classes_it_agrees_with_monai(background: bool) -> None:
    logits, targets, _ = classes()
    theirs = GeneralizedDiceLoss(include_background=background, softmax=True, batch=True, smooth_nr=0, smooth_dr=0)
    ours = build_loss("generalised_dice", {"background": background, "smooth": TINY}, "classes")
    assert torch.allclose(ours(logits, targets), theirs(logits, targets))
