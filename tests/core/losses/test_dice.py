from __future__ import annotations

import math

import pytest
import torch
from monai.losses.dice import DiceLoss

from core.losses import build_loss

SURE = 40.0


def sure(mask: torch.Tensor) -> torch.Tensor:
    return (mask * 2 - 1) * SURE


def row(*pixels: float) -> torch.Tensor:
    return torch.tensor(pixels, dtype=torch.float32).reshape(1, 1, 1, -1)


def test_two_of_three_pixels_by_hand() -> None:
    # predicted 2 px, reference 3 px, 2 shared: 1 - (2 * 2 + 1) / (2 + 3 + 1) = 1/6
    value = build_loss("dice")(sure(row(1, 1, 0, 0)), row(1, 1, 1, 0))
    assert value.item() == pytest.approx(1 / 6)


def test_probabilities_count_in_proportion() -> None:
    # p = 3/4 on the one tumour pixel, 1/4 beside it: 1 - (2 * 3/4 + 1) / (1 + 1 + 1) = 1/6
    value = build_loss("dice")(row(math.log(3), -math.log(3)), row(1, 0))
    assert value.item() == pytest.approx(1 / 6)


def test_three_false_positives_on_a_tumour_free_slice_cost_three_quarters() -> None:
    # 1 - (0 + 1) / (3 + 0 + 1)
    assert build_loss("dice")(sure(row(1, 1, 1, 0)), row(0, 0, 0, 0)).item() == pytest.approx(3 / 4)
    assert build_loss("dice")(sure(row(0, 0, 0, 0)), row(0, 0, 0, 0)).item() == pytest.approx(0)


def test_over_the_batch_a_tumour_free_slice_shares_the_denominator() -> None:
    # slice 1: 2 px, both found; slice 2: empty, 2 px false
    logits = torch.cat([sure(row(1, 1, 0, 0)), sure(row(1, 1, 0, 0))])
    targets = torch.cat([row(1, 1, 0, 0), row(0, 0, 0, 0)])
    # batch: 1 - (4 + 1) / (4 + 2 + 1) = 2/7; per slice: (0 + (1 - 1/3)) / 2 = 1/3
    assert build_loss("dice")(logits, targets).item() == pytest.approx(2 / 7)
    assert build_loss("dice", {"over": "sample"})(logits, targets).item() == pytest.approx(1 / 3)


def test_regions_weigh_the_same_whatever_their_size() -> None:
    # region 1 perfect, region 2 all missed: 1 - (0 + 1) / (0 + 1 + 1) = 1/2; mean 1/4
    logits = torch.cat([sure(row(1, 1, 1, 1)), sure(row(0, 0, 0, 0))], dim=1)
    targets = torch.cat([row(1, 1, 1, 1), row(1, 0, 0, 0)], dim=1)
    assert build_loss("dice")(logits, targets).item() == pytest.approx(1 / 4)


def test_a_smaller_smooth_makes_an_empty_slice_stricter() -> None:
    # 1 - 0.5 / (1 + 0.5)
    value = build_loss("dice", {"smooth": 0.5})(sure(row(1, 0, 0, 0)), row(0, 0, 0, 0))
    assert value.item() == pytest.approx(2 / 3)


@pytest.mark.parametrize("over", ["batch", "sample"])
def test_it_agrees_with_monai_on_random_slices(over: str) -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(3, 2, 9, 7, generator=generator)
    targets = (torch.rand(3, 2, 9, 7, generator=generator) < 0.3).float()
    theirs = DiceLoss(sigmoid=True, batch=over == "batch", smooth_nr=1.0, smooth_dr=1.0)
    assert torch.allclose(build_loss("dice", {"over": over})(logits, targets), theirs(logits, targets))


@pytest.mark.parametrize("background", [False, True])
def test_over_classes_it_agrees_with_monai_with_and_without_background(background: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(3, 4, 9, 7, generator=generator)
    classes = torch.randint(0, 4, (3, 9, 7), generator=generator)
    targets = torch.nn.functional.one_hot(classes, 4).movedim(-1, 1).float()
    theirs = DiceLoss(include_background=background, softmax=True, batch=True, smooth_nr=1.0, smooth_dr=1.0)
    ours = build_loss("dice", {"background": background}, "classes")
    assert torch.allclose(ours(logits, targets), theirs(logits, targets))
