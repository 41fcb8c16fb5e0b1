"""What every registered loss promises, whatever it is."""

from __future__ import annotations

import pytest
import torch

from core.arguments import ArgumentError
from core.losses import LOSSES, UnknownLossError, build_loss

every_loss = pytest.mark.parametrize("name", LOSSES)


def slices(n: int = 2, regions: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(n, regions, 16, 16, generator=generator)
    targets = (torch.rand(n, regions, 16, 16, generator=generator) < 0.2).float()
    return logits, targets


@every_loss
def test_it_is_a_float32_scalar_with_a_gradient_everywhere(name: str) -> None:
    logits, targets = slices()
    logits.requires_grad_()
    value = build_loss(name)(logits, targets)
    assert value.shape == ()
    assert value.dtype == torch.float32
    torch.autograd.backward(value)
    assert logits.grad is not None
    assert bool((logits.grad != 0).all())
    assert bool(logits.grad.isfinite().all())


@every_loss
def test_the_gradient_pulls_towards_the_reference(name: str) -> None:
    _, targets = slices()
    logits = torch.zeros_like(targets, requires_grad=True)
    torch.autograd.backward(build_loss(name)(logits, targets))
    assert logits.grad is not None
    assert bool((logits.grad[targets == 1] < 0).all())
    assert bool((logits.grad[targets == 0] > 0).all())


@every_loss
def test_a_perfect_prediction_costs_nothing(name: str) -> None:
    _, targets = slices()
    assert build_loss(name)((targets * 2 - 1) * 30, targets) < 1e-5


@every_loss
def test_on_a_tumour_free_slice_an_empty_prediction_is_free_and_false_positives_cost(name: str) -> None:
    loss = build_loss(name)
    targets = torch.zeros(1, 3, 16, 16)
    empty = torch.full_like(targets, -30.0)
    few, many = empty.clone(), empty.clone()
    few[:, :, :2, :2] = 10.0
    many[:, :, :8, :8] = 10.0
    assert loss(empty, targets) < 1e-5
    assert loss(empty, targets) < loss(few, targets) < loss(many, targets)


@every_loss
def test_false_positives_on_a_tumour_free_slice_cost_beside_a_slice_with_tumour(name: str) -> None:
    loss = build_loss(name)
    targets = torch.zeros(2, 1, 16, 16)
    targets[0, :, 4:8, 4:8] = 1
    right = (targets * 2 - 1) * 10
    wrong = right.clone()
    wrong[1, :, 4:8, 4:8] = 10.0
    assert loss(wrong, targets) > loss(right, targets) + 0.05


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_neither_overflow_nor_lose_the_gradient(name: str, dtype: torch.dtype) -> None:
    _, targets = slices(8)
    # float16 sums overflow at 65,504; these add up to far more
    targets = targets.repeat(1, 1, 8, 8)
    logits = torch.full_like(targets, 4.0).to(dtype).requires_grad_()
    value = build_loss(name)(logits, targets)
    torch.autograd.backward(value)
    assert value.dtype == torch.float32
    assert bool(value.isfinite())
    assert torch.allclose(value, build_loss(name)(logits.detach().float(), targets))
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())


@every_loss
def test_the_seam_refuses_what_is_no_binary_mask(name: str) -> None:
    loss = build_loss(name)
    logits, targets = slices()
    with pytest.raises(ValueError, match=r"found logits \(2, 3, 16, 16\) and targets \(2, 16, 16\)"):
        loss(logits, targets[:, 0])
    with pytest.raises(ValueError, match="expected floats"):
        loss(logits, targets.long())
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        loss(logits, targets * 4)


@every_loss
def test_an_unknown_argument_answers_with_the_known_ones(name: str) -> None:
    known = next(iter(LOSSES[name].arguments.model_fields))
    with pytest.raises(ArgumentError, match=rf"loss {name} has no argument 'gamma'; known: .*{known}"):
        build_loss(name, {"gamma": 2})


def test_an_unknown_loss_answers_with_the_known_ones() -> None:
    with pytest.raises(UnknownLossError, match="no loss is called 'focal'; known: bce, dice, bce_dice"):
        build_loss("focal")
