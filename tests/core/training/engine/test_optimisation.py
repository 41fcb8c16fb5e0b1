"""One change of the weights: which optimiser, clipped how, and left out when."""

from __future__ import annotations

import copy

import pytest
import torch

from core.inference.device import Compute
from core.recipe import OptimSection
from core.training.engine.optimisation import Descent, build_optimizer

CPU = Compute("cpu", bf16=False, channels_last=False)


@pytest.mark.parametrize(
    ("name", "kind"), [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)]
)
def test_biases_and_the_gains_of_norms_are_not_decayed(name: str, kind: type) -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    optimizer = build_optimizer(OptimSection.model_validate({"name": name, "weight_decay": 0.1}), model)
    assert type(optimizer) is kind
    decayed, free = optimizer.param_groups
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.1, 0.0)
    assert [tuple(p.shape) for p in decayed["params"]] == [(2, 1, 3, 3)]
    assert len(free["params"]) == 3


def test_momentum_is_the_recipe_s() -> None:
    for momentum in (0.0, 0.9):
        section = OptimSection.model_validate({"name": "sgd", "momentum": momentum})
        (group, *_) = build_optimizer(section, torch.nn.Conv2d(1, 1, 1)).param_groups
        assert (group["momentum"], group["nesterov"]) == (momentum, momentum > 0)


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_steps_are_those_of_torch_s_plain_optimiser_also_with_channels_last(name: str) -> None:
    section = OptimSection.model_validate({"name": name, "lr": 0.01, "clip_norm": 0.5})
    ours = torch.nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    theirs = copy.deepcopy(ours)
    descent, plain = Descent(section, ours, CPU), build_optimizer(section, theirs)
    for _ in range(5):
        images = torch.randn(2, 3, 9, 9)
        descent.optimizer.zero_grad()
        plain.zero_grad()
        loss = ours(images).square().mean() * 100
        descent.backward(loss)
        descent.change(loss.detach(), 0.01)
        (theirs(images).square().mean() * 100).backward()
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
        plain.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("spoilt", ["loss", "gradient"])
def test_numbers_that_are_none_change_neither_weights_nor_momenta(spoilt: str, clip: float | None) -> None:
    model = torch.nn.Conv2d(1, 2, 3)
    descent = Descent(OptimSection.model_validate({"clip_norm": clip}), model, CPU)
    images = torch.randn(1, 1, 5, 5)
    loss = model(images).square().mean()
    descent.backward(loss)
    norm = descent.change(loss.detach(), 0.1)
    assert norm.isfinite()
    before = copy.deepcopy((model.state_dict(), descent.optimizer.state_dict()["state"]))
    assert model.bias is not None
    assert model.bias.grad is not None
    if spoilt == "gradient":
        model.bias.grad[0] = torch.inf
    norm = descent.change(torch.tensor(torch.nan if spoilt == "loss" else 1.0), 0.1)
    assert bool(norm.isfinite()) is (spoilt == "loss")
    after = (model.state_dict(), descent.optimizer.state_dict()["state"])
    torch.testing.assert_close(after, before, rtol=0, atol=0)
