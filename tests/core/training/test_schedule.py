"""Learning rates by hand."""

from __future__ import annotations

import pytest
import torch

from core.recipe import OptimSection
from core.training.schedule import build_optimizer, learning_rate


def rates(total: int, **fields: object) -> list[float]:
    section = OptimSection.model_validate({"lr": 1.0, **fields})
    return [learning_rate(section, step, total) for step in range(1, total + 1)]


def test_warm_up_is_linear_and_cosine_starts_at_the_full_rate() -> None:
    """Two steps of warm-up, then cos(0), cos(pi / 4), cos(pi / 2), cos(3 pi / 4), each (1 + cos) / 2."""
    half = 0.5**0.5
    assert rates(6, warmup_steps=2, schedule="cosine") == pytest.approx(
        [0.5, 1.0, 1.0, (1 + half) / 2, 0.5, (1 - half) / 2]
    )


def test_poly_falls_with_power_point_nine() -> None:
    assert rates(4, warmup_steps=0, schedule="poly") == pytest.approx([1.0, 0.75**0.9, 0.5**0.9, 0.25**0.9])


def test_constant_stays() -> None:
    assert rates(4, warmup_steps=1, schedule="constant") == [1.0, 1.0, 1.0, 1.0]


def test_warm_up_never_takes_more_than_half_of_a_short_run() -> None:
    assert rates(4, warmup_steps=100, schedule="constant") == [0.5, 1.0, 1.0, 1.0]
    assert rates(1, warmup_steps=100) == [1.0]


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
