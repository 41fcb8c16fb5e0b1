"""Learning rates by hand, and one-cycle beside torch's own."""

from __future__ import annotations

import pytest
import torch

from core.recipe import OptimSection
from core.training.engine.schedule import learning_rate


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


@pytest.mark.parametrize("total", [4, 10, 37, 100])
def test_one_cycle_is_that_of_torch(total: int) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    oracle = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=total, cycle_momentum=False)
    expected = []
    for _ in range(total):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(expected) < total:
            oracle.step()
    assert rates(total, schedule="one-cycle") == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("total", [1, 2, 3])
def test_one_cycle_of_a_run_too_short_for_a_cycle_has_rates_between_nothing_and_the_highest(total: int) -> None:
    assert all(0 < rate <= 1 for rate in rates(total, schedule="one-cycle"))


def test_a_plateau_multiplies_the_rate_by_its_factor_each_time_and_no_other_schedule_minds() -> None:
    section = OptimSection.model_validate({"lr": 1.0, "schedule": "plateau", "plateau_factor": 0.1, "warmup_steps": 2})
    assert [learning_rate(section, 5, 10, fallen) for fallen in (0, 1, 2)] == pytest.approx([1.0, 0.1, 0.01])
    assert learning_rate(section, 1, 10, 1) == pytest.approx(0.05), "within the warm-up too"
    constant = OptimSection.model_validate({"lr": 1.0, "schedule": "constant"})
    assert learning_rate(constant, 50, 100, 3) == 1.0
