"""Memory that runs out: injected, and survived as promised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from core.training.engine import learner
from core.training.engine.trainer import TrainingFailedError
from tests.core.training.conftest import Start, Train
from tests.core.training.engine.readings import notes, steps, weights

BATCH_NORM = {"model": {"arguments": {"channels": [4, 8], "norm": "batch", "dropout": 0.2}}}


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """A device on which no more than so many slices fit; says how many were computed at once."""
    forward = learner.Learner._forward

    def limit(most: int, error: type[Exception] = torch.OutOfMemoryError) -> list[int]:
        seen: list[int] = []

        def tight(self: learner.Learner, images: Any) -> torch.Tensor:
            if len(images) > most:
                raise error("CUDA out of memory. Tried to allocate 20.00 MiB")
            seen.append(len(images))
            return forward(self, images)

        monkeypatch.setattr(learner.Learner, "_forward", tight)
        return seen

    return limit


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
def test_short_memory_halves_the_batch_and_keeps_what_a_step_learns_from(
    start: Start, train: Train, short_memory: Callable[..., list[int]], error: type[Exception]
) -> None:
    """BCE averages over pixels: two halves of a batch have the gradient of the whole."""
    sections: dict[str, Any] = {
        "loss": {"name": "bce"},
        "model": {"arguments": {"channels": [4, 8], "norm": "instance", "dropout": 0.0}},
        "optim": {"name": "sgd", "momentum": 0.0, "warmup_steps": 0},
        "train": {"amp": "off", "max_steps": 5},
    }
    straight, tight = start(**sections), start(**sections)
    train(straight)
    seen = short_memory(2, error)
    train(tight)
    assert notes(tight) == [(1, "oom")]
    assert set(seen) == {2}
    assert len(seen) == 2 * 5
    (note,) = (record for record in tight.metrics() if record["kind"] == "note")
    assert note["sentence"] == (
        "out of memory: 2 slices at once instead of 4, 2 times for each step; a step still learns from 4"
    )
    for step, record in steps(straight).items():
        assert steps(tight)[step]["loss"] == pytest.approx(record["loss"], rel=1e-5)
        assert steps(tight)[step]["dice"] == pytest.approx(record["dice"], abs=1e-3, nan_ok=True)
    compute = tight.status.compute
    assert (compute["micro_batch"], compute["accumulate"]) == (2, 2)


def test_a_resumed_run_keeps_its_smaller_batches(
    start: Start, train: Train, short_memory: Callable[..., list[int]]
) -> None:
    straight, halting = start(), start()
    seen = short_memory(1)
    train(straight)

    def stop(event: dict[str, Any]) -> None:
        if event["event"] == "step" and event["step"] == 5:
            halting.request("stop")

    train(halting, stop)
    assert notes(halting) == [(1, "oom"), (1, "oom")]
    seen.clear()
    train(halting)
    assert notes(halting) == [(1, "oom"), (1, "oom")], "not found out again"
    assert set(seen) == {1}
    assert weights(halting) == weights(straight)
    assert (halting.status.compute["micro_batch"], halting.status.compute["accumulate"]) == (1, 4)


def test_batch_norm_is_never_given_a_single_slice(
    start: Start, train: Train, short_memory: Callable[..., list[int]]
) -> None:
    run = start(**BATCH_NORM)
    short_memory(1)
    with pytest.raises(TrainingFailedError) as failed:
        train(run)
    assert str(failed.value) == (
        "cpu has no memory left for 2 slices at once, and batch norm needs two: "
        "choose a narrower model, smaller slices, or a device with more memory"
    )


def test_one_slice_that_does_not_fit_ends_the_run_with_a_sentence(
    start: Start, train: Train, short_memory: Callable[..., list[int]]
) -> None:
    run = start()
    short_memory(0)
    with pytest.raises(TrainingFailedError, match=r"^cpu has no memory left for 1 slice at once: choose a narrower"):
        train(run)
    assert run.status.state == "failed"


def test_an_error_that_is_not_about_memory_is_not_swallowed(
    start: Start, train: Train, short_memory: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: learner.Learner, _images: Any) -> torch.Tensor:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(learner.Learner, "_forward", broken)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        train(start())
