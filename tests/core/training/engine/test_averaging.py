"""The moving average of weights, computed by hand."""

from __future__ import annotations

import pytest
import torch

from core.training.engine.averaging import WeightAverage, decay_at


def test_the_decay_warms_up() -> None:
    """(1 + t) / (10 + t): 2/11 at the first step, 0.5 at the eighth, then the decay itself."""
    assert [decay_at(step, 0.9) for step in (1, 8, 1000)] == pytest.approx([2 / 11, 0.5, 0.9])


def test_two_steps_by_hand() -> None:
    """0 follows 1 with 2/11 kept: 9/11; then follows 3 with 3/12 kept: 3 - 24/11/4 = 27/11."""
    model = torch.nn.Linear(1, 1, bias=False)
    weight = model.weight
    with torch.no_grad():
        weight.fill_(0)
        average = WeightAverage(model, 0.99)
        weight.fill_(1)
        average.update(1)
        assert float(average.model.weight) == pytest.approx(9 / 11)
        weight.fill_(3)
        average.update(2)
    assert float(average.model.weight) == pytest.approx(27 / 11)
    assert weight.item() == 3, "the trained weights are as they were"
    assert not average.model.weight.requires_grad


def test_running_statistics_are_averaged_and_counters_copied() -> None:
    norm = torch.nn.BatchNorm2d(1)
    average = WeightAverage(norm, 0.5)
    norm(torch.full((2, 1, 2, 2), 10.0))
    assert norm.running_mean is not None
    average.update(1000)
    assert float(average.model.running_mean) == pytest.approx(0.5 * float(norm.running_mean))
    assert int(average.model.num_batches_tracked) == 1
