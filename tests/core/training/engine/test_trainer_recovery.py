"""Numbers that are none: injected, and survived as promised."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from core.atomic import read_json
from core.checkpoints import load_model, read_checkpoint
from core.training.engine import optimisation, trainer
from core.training.engine.trainer import TrainingFailedError
from core.training.runs.resume import RESUME_FACTS
from tests.core.training.conftest import Start, Train
from tests.core.training.engine.readings import notes, steps, weights

Spoil = Callable[[int], float]
BATCH_NORM = {"model": {"arguments": {"channels": [4, 8], "norm": "batch", "dropout": 0.2}}}


@pytest.fixture
def spoil_loss(monkeypatch: pytest.MonkeyPatch) -> Callable[[Spoil], list[int]]:
    """Multiply the loss of the n-th training batch of all by a factor that depends on n."""
    built = trainer.build_loss

    def spoil(factor: Spoil) -> list[int]:
        calls = [0]

        def build(*arguments: Any) -> Any:
            honest = built(*arguments)

            def spoilt(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
                if not logits.requires_grad:
                    return honest(logits, targets)
                calls[0] += 1
                return honest(logits, targets) * factor(calls[0])

            return spoilt

        monkeypatch.setattr(trainer, "build_loss", build)
        return calls

    return spoil


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_one_loss_that_is_no_number_costs_one_step(
    start: Start, train: Train, spoil_loss: Callable[[Spoil], list[int]], value: float
) -> None:
    run = start(**BATCH_NORM)
    spoil_loss(lambda call: value if call == 6 else 1.0)
    events = train(run)
    assert events[-1]["state"] == "done"
    assert notes(run) == [(6, "nan")]
    assert sorted(steps(run)) == [1, 2, 3, 4, 5, 7, 8]
    (note,) = (event for event in events if event["event"] == "note")
    assert note["sentence"] == f"the loss is {value} at step 6: the step is skipped"
    assert all(math.isfinite(record["loss"]) for record in steps(run).values())
    last = run.pointed("last")
    assert last is not None
    load_model(read_checkpoint(last))  # refuses weights that are no numbers


def test_a_skipped_step_leaves_weights_and_running_statistics_as_they_were(
    start: Start, train: Train, spoil_loss: Callable[[Spoil], list[int]]
) -> None:
    """Four steps, the last of which counts for nothing, end where three do: nothing of it is left."""
    schedule = {"schedule": "constant", "warmup_steps": 0}
    short, skipping = (
        start(**BATCH_NORM, optim=schedule, train={"max_steps": count, "checkpoint_every_steps": 50})
        for count in (3, 4)
    )
    train(short)
    spoil_loss(lambda call: math.nan if call == 4 else 1.0)
    train(skipping)
    assert notes(skipping) == [(4, "nan")]
    assert weights(skipping) == weights(short)


def test_a_gradient_that_is_no_number_never_reaches_the_weights(
    start: Start, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The root of 0 is 0 and has an infinite slope: a fair loss, and weights that would be lost."""
    run = start(optim={"clip_norm": None})
    built = trainer.build_loss

    def build(*arguments: Any) -> Any:
        honest = built(*arguments)

        def steep(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            loss: torch.Tensor = honest(logits, targets)
            return loss + torch.sqrt((logits * 0).sum()) if logits.requires_grad else loss

        return steep

    monkeypatch.setattr(trainer, "build_loss", build)
    with pytest.raises(TrainingFailedError, match=r"the gradient's norm is (nan|inf) at step 3, the third in a row"):
        train(run)
    assert run.status.state == "failed"


def test_three_in_a_row_go_back_to_the_checkpoint_and_on_with_half_the_rate(
    start: Start, train: Train, spoil_loss: Callable[[Spoil], list[int]]
) -> None:
    """Checkpoints at 3 and 4. Steps 5 to 7 fail; 5 to 8 are taken again from 4."""
    schedule = {"schedule": "constant", "warmup_steps": 0}
    straight, run = start(optim=schedule), start(optim=schedule)
    train(straight)
    spoil_loss(lambda call: math.nan if call in (5, 6, 7) else 1.0)
    events = train(run)
    assert events[-1]["state"] == "done"
    assert notes(run) == [(4, "rolled-back")], "what was measured after the checkpoint is forgotten"
    rates = {step: record["lr"] for step, record in steps(run).items()}
    assert [rates[step] / 0.01 for step in range(1, 9)] == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]
    assert [steps(run)[step] for step in range(1, 5)] == [steps(straight)[step] for step in range(1, 5)]
    assert steps(run)[5]["loss"] == steps(straight)[5]["loss"], "the same batch, from the same weights"
    assert steps(run)[6]["loss"] != steps(straight)[6]["loss"], "after a shorter step"


def test_a_run_killed_after_it_went_back_goes_on_with_the_lower_rate(
    start: Start, train: Train, spoil_loss: Callable[[Spoil], list[int]]
) -> None:
    straight, dying = start(), start()
    calls = spoil_loss(lambda call: math.nan if call in (5, 6, 7) else 1.0)
    train(straight)

    class KilledError(BaseException):
        pass

    def die(event: dict[str, Any]) -> None:
        if event["event"] == "step" and calls[0] > 7 and event["step"] == 5:
            raise KilledError

    calls[0] = 0
    with pytest.raises(KilledError):
        train(dying, die)
    assert read_json(dying.checkpoint_folder(4) / RESUME_FACTS)["setbacks"]["rollbacks"] == 1
    train(dying)
    assert weights(dying) == weights(straight)
    assert steps(dying) == steps(straight)
    assert notes(dying) == notes(straight) == [(4, "rolled-back")]


def test_before_the_first_checkpoint_a_run_goes_back_to_its_start(
    start: Start, train: Train, spoil_loss: Callable[[Spoil], list[int]]
) -> None:
    run, fresh = start(train={"max_steps": 6, "checkpoint_every_steps": 50}), start()
    train(fresh)
    spoil_loss(lambda call: math.nan if call in (2, 3, 4) else 1.0)
    train(run)
    assert notes(run) == [(0, "rolled-back")]
    assert steps(run)[1]["loss"] == steps(fresh)[1]["loss"], "the weights that the run began with"
    assert steps(run)[1]["lr"] == steps(fresh)[1]["lr"] / 2


def test_after_three_rollbacks_the_run_ends_with_a_sentence_and_keeps_its_last_good_checkpoint(
    start: Start, train: Train, spoil_loss: Callable[[Spoil], list[int]]
) -> None:
    run = start()
    calls = spoil_loss(lambda call: 1.0 if call <= 4 else math.nan)
    with pytest.raises(TrainingFailedError) as failed:
        train(run)
    assert calls[0] == 4 + 4 * 3, "four steps, then three attempts more than the first at three steps each"
    assert "the loss is nan at step 7, the third in a row, after 3 rollbacks" in str(failed.value)
    assert failed.value.exit_code == 3
    assert (run.status.state, run.status.message) == ("failed", str(failed.value))
    assert run.pointed("last") == run.checkpoint_folder(4)
    load_model(read_checkpoint(run.checkpoint_folder(4)))


def test_a_validation_that_is_no_number_is_never_the_best(
    start: Start, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second validation of the run, and no other, gives NaN: the run goes back and validates again."""
    run, calls, honest = start(), [0], trainer.validate

    def spoilt(*arguments: Any) -> trainer.Validation:
        calls[0] += 1
        found = honest(*arguments)
        return trainer.Validation(math.nan, {"WT": 1.0, "TC": 1.0, "ET": 1.0}) if calls[0] == 2 else found

    monkeypatch.setattr(trainer, "validate", spoilt)
    events = train(run)
    assert [event["step"] for event in events if event["event"] == "epoch"] == [4, 8]
    assert notes(run) == [(6, "rolled-back")]
    best = run.pointed("best")
    assert best is not None
    scores = read_checkpoint(best).card.validation_scores
    assert scores is not None
    assert math.isfinite(scores["loss"])
    assert scores["score"] < 1


def test_a_device_that_is_asked_a_step_later_trains_the_same(
    start: Start, train: Train, spoil_loss: Callable[[Spoil], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU: step 5 is judged, and found to be nothing, while step 6 is under way."""
    made = optimisation.Descent.__init__

    def late(self: optimisation.Descent, *arguments: Any) -> None:
        made(self, *arguments)
        self.waits = False

    at_once, later = start(), start()
    calls = spoil_loss(lambda call: math.nan if call == 5 else 1.0)
    train(at_once)
    calls[0] = 0
    monkeypatch.setattr(optimisation.Descent, "__init__", late)
    events = train(later)
    assert [event["step"] for event in events if event["event"] == "step"] == [1, 2, 3, 4, 6, 7, 8]
    assert notes(later) == notes(at_once) == [(5, "nan")]
    assert steps(later) == steps(at_once)
    assert weights(later) == weights(at_once)
