"""What a row of validations means, counted by hand."""

from __future__ import annotations

import pytest
import torch

from core.training.engine.stopping import early_end, is_best, reductions, waited


def test_best_is_better_than_everything_before_and_the_first_of_equals() -> None:
    assert [is_best([0.1, 0.3, 0.2, 0.3, 0.31][:n]) for n in range(1, 6)] == [True, True, False, False, True]


def test_waiting_counts_validations_since_the_last_that_was_better_by_enough() -> None:
    history = [0.50, 0.60, 0.604, 0.608, 0.612]
    assert [waited(history[:n], 0.0) for n in range(1, 6)] == [0, 0, 0, 0, 0]
    assert [waited(history[:n], 0.01) for n in range(1, 6)] == [0, 0, 1, 2, 0], "small gains add up to one that counts"


def test_a_run_ends_when_its_patience_does_and_says_why() -> None:
    assert early_end([0.5, 0.4, 0.4], 3, 0.0, "dice") is None
    assert early_end([0.5, 0.4, 0.4, 0.3], 3, 0.0, "dice") == (
        "stopped early: no better validation dice in the last 3 validations (train.stopping.patience)"
    )
    assert early_end([0.5] * 100, None, 0.0, "dice") is None, "without patience a run has all its steps"
    assert early_end([], 1, 0.0, "loss") is None


def test_after_a_fall_the_count_starts_again_and_the_best_stays() -> None:
    """Best 0.5; two worse: a fall; 0.49 is still no better: with one more, the second fall; 0.6 is better."""
    history = [0.5, 0.4, 0.4, 0.49, 0.48, 0.6, 0.5]
    assert [reductions(history[:n], 2, 0.0) for n in range(1, 8)] == [0, 0, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_falls_are_those_of_torch(patience: int) -> None:
    """torch falls after more than its patience, hence one less."""
    generator = torch.Generator().manual_seed(patience)
    history = torch.rand(60, generator=generator).tolist()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    oracle = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max", factor=0.5, patience=patience - 1, threshold=0.1, threshold_mode="abs", eps=0.0
    )
    for count, value in enumerate(history, 1):
        oracle.step(value)
        assert 0.5 ** reductions(history[:count], patience, 0.1) == optimizer.param_groups[0]["lr"]
