"""Counting setbacks, recognising a lack of memory, cutting batches."""

from __future__ import annotations

import pytest
import torch

from core.training.engine.recovery import Setbacks, TrainingFailedError, is_out_of_memory, split_evenly


def test_each_rollback_halves_the_rate_and_the_fourth_is_one_too_many() -> None:
    setbacks = Setbacks()
    assert setbacks.rate_factor == 1
    said = [setbacks.roll_back("the loss is nan", 40) for _ in range(3)]
    assert said[1] == "the loss is nan: back to the checkpoint of step 40, with 0.25 x the rate"
    assert setbacks.rate_factor == 0.125
    with pytest.raises(TrainingFailedError) as failed:
        setbacks.roll_back("the loss is nan", 40)
    assert str(failed.value) == (
        "the loss is nan, after 3 rollbacks to a checkpoint with half the rate each time; the checkpoint of step 40 is "
        "kept: lower optim.lr, or look for broken images, and start again"
    )


def test_three_skips_in_a_row_are_too_many_and_a_rollback_counts_afresh() -> None:
    setbacks = Setbacks(skipped=2)
    assert not setbacks.too_many
    setbacks.skipped += 1
    assert setbacks.too_many
    setbacks.roll_back("", 0)
    assert not setbacks.too_many
    assert Setbacks.from_json(setbacks.to_json()) == setbacks


def test_a_lack_of_memory_is_told_from_other_errors() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory"))
    assert is_out_of_memory(MemoryError())
    with pytest.raises(RuntimeError) as real:
        torch.empty(2**55, dtype=torch.float32)
    assert is_out_of_memory(real.value), "what torch says on a CPU"
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory"))


def test_pieces_differ_by_one_at_most_and_leave_nothing_out() -> None:
    assert [(part.start, part.stop) for part in split_evenly(5, 2)] == [(0, 3), (3, 5)]
    assert [(part.start, part.stop) for part in split_evenly(8, 4)] == [(0, 2), (2, 4), (4, 6), (6, 8)]
