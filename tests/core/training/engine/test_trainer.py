"""Training is a function of recipe, cases and step: twice the same, and the same through stops and kills."""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import numpy as np
import pytest
import torch

from core.atomic import read_json
from core.checkpoints import WEIGHTS, load_model, read_checkpoint
from core.losses import LOSSES
from core.training.runs.resume import RESUME_FACTS, RESUME_TENSORS
from core.training.runs.run_folder import RunFolder
from core.training.runs.snapshots import read_fixed, read_snapshot, snapshot_steps
from tests.core.training.conftest import Start, Train

BATCH_NORM = {"model": {"arguments": {"channels": [4, 8], "norm": "batch", "dropout": 0.2}}}


def last_weights(run: RunFolder) -> bytes:
    folder = run.pointed("last")
    assert folder is not None
    return (folder / WEIGHTS).read_bytes()


def metrics(run: RunFolder) -> list[dict[str, Any]]:
    """What was measured, without how fast."""
    return [{name: value for name, value in record.items() if name != "slices_per_s"} for record in run.metrics()]


def test_events_are_one_per_step_validation_and_checkpoint_each_with_the_run_and_done_at_the_end(
    start: Start, train: Train
) -> None:
    """Eight steps, a checkpoint every three and a validation every four, both at the last."""
    run = start()
    events = train(run)
    assert {event["run"] for event in events} == {"narrow-0001"}
    assert [(event["event"], event["step"]) for event in events] == [
        ("step", 1), ("step", 2), ("step", 3), ("checkpoint", 3),
        ("step", 4), ("epoch", 4), ("checkpoint", 4),
        ("step", 5), ("step", 6), ("checkpoint", 6),
        ("step", 7), ("step", 8), ("epoch", 8), ("checkpoint", 8),
        ("done", 8),
    ]  # fmt: skip
    steps = [event for event in events if event["event"] == "step"]
    assert {event["of"] for event in steps} == {8}
    assert all(math.isfinite(event["loss"]) and event["lr"] > 0 for event in steps)
    assert events[-1]["state"] == "done"
    for line in (json.dumps(event, allow_nan=False) for event in events):
        assert "\n" not in line


def test_an_epoch_event_carries_mean_loss_validation_loss_and_dice_per_region(start: Start, train: Train) -> None:
    events = train(start())
    steps = {event["step"]: event["loss"] for event in events if event["event"] == "step"}
    first, second = (event for event in events if event["event"] == "epoch")
    assert first["loss"] == pytest.approx(np.mean([steps[n] for n in (1, 2, 3, 4)]))
    assert second["loss"] == pytest.approx(np.mean([steps[n] for n in (5, 6, 7, 8)]))
    assert set(first["dice"]) == {"WT", "TC", "ET"}
    assert all(0 <= value <= 1 for value in first["dice"].values())
    assert first["epoch"] == 4 / 12  # four patients of 12 head slices at batch 4 are 12 steps


def test_metrics_on_disk_are_the_events(start: Start, train: Train) -> None:
    run = start()
    events = train(run)
    wanted = [("step" if e["event"] == "step" else "validation", e["step"], e["loss"])
              for e in events if e["event"] in ("step", "epoch")]  # fmt: skip
    assert [(record["kind"], record["step"], record["loss"]) for record in metrics(run)] == wanted


def test_the_same_recipe_twice_gives_the_same_weights_to_the_last_bit(start: Start, train: Train) -> None:
    one, other, another_seed = start(), start(), start(train={"seed": 1})
    for run in (one, other, another_seed):
        train(run)
    assert last_weights(one) == last_weights(other)
    assert metrics(one) == metrics(other)
    assert last_weights(one) != last_weights(another_seed)


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("stop_at", [2, 5])
def test_a_run_that_was_stopped_and_resumed_ends_with_the_weights_of_one_that_was_not(
    start: Start, train: Train, stop_at: int, optimiser: str
) -> None:
    """With batch norm, dropout and augmentation, stopped before the first validation or within the second epoch."""
    sections: dict[str, Any] = {**BATCH_NORM, "optim": {"name": optimiser}}
    straight, halting = start(**sections), start(**sections)
    train(straight)

    def ask(event: dict[str, Any]) -> None:
        if event["event"] == "step" and event["step"] == stop_at:
            halting.request("stop")

    events = train(halting, ask)
    assert (events[-1]["state"], events[-1]["step"]) == ("stopped", stop_at)
    assert halting.status.state == "stopped"
    assert train(halting)[0]["step"] == stop_at + 1
    assert halting.status.state == "done"
    assert last_weights(halting) == last_weights(straight)
    assert metrics(halting) == metrics(straight), "the mean loss of the epoch that was interrupted included"
    for pointer in ("last", "best"):
        assert read_json(halting.folder / f"{pointer}.json") == read_json(straight.folder / f"{pointer}.json")
    best = (run.pointed("best") for run in (straight, halting))
    ids = {read_checkpoint(folder).id for folder in best if folder}
    assert len(ids) == 1


class KilledError(BaseException):
    """Stands in for a kill: nothing in the training catches it to tidy up."""


@pytest.mark.parametrize("at", [2, 5, 8])
def test_a_run_that_dies_between_checkpoints_measures_again_what_it_lost(start: Start, train: Train, at: int) -> None:
    straight, dying = start(), start()
    train(straight)

    def die(event: dict[str, Any]) -> None:
        if event["event"] == "step" and event["step"] == at:
            raise KilledError

    with pytest.raises(KilledError):
        train(dying, die)
    assert dying.status.state == "failed"
    events = train(dying)
    last_checkpoint = max(step for step in (0, 3, 4, 6) if step < at)
    assert events[0]["step"] == last_checkpoint + 1
    assert last_weights(dying) == last_weights(straight)
    assert metrics(dying) == metrics(straight)


def test_a_death_between_weights_and_pointer_costs_nothing(
    start: Start, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, dying = start(), start()
    train(straight)

    original = RunFolder.point

    def die(run: RunFolder, name: Literal["last", "best"], step: int) -> None:
        if step == 4:
            raise KilledError
        original(run, name, step)

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "point", die)
        with pytest.raises(KilledError):
            train(dying)
    assert dying.checkpoint_folder(4).exists(), "written, though nothing points at it"
    train(dying)
    assert last_weights(dying) == last_weights(straight)
    kept = {folder.name for folder in dying.folder.glob("step-*")}
    assert kept == {folder.name for folder in straight.folder.glob("step-*")}


def test_last_is_the_last_step_and_best_the_validation_with_the_highest_mean_dice(start: Start, train: Train) -> None:
    run = start()
    events = train(run)
    assert run.pointed("last") == run.checkpoint_folder(8)
    scores = {event["step"]: np.mean(list(event["dice"].values())) for event in events if event["event"] == "epoch"}
    best = max(scores, key=lambda step: (scores[step], -step))
    assert run.pointed("best") == run.checkpoint_folder(best)
    assert [e["step"] for e in events if e["event"] == "checkpoint" and e["best"]][-1] == best
    kept = run.pointed("best")
    assert kept is not None
    card = read_checkpoint(kept).card
    assert card.validation_scores is not None
    assert card.validation_scores["score"] == pytest.approx(scores[best])
    assert card.steps == best


def test_a_checkpoint_of_a_run_is_all_that_inference_needs(start: Start, train: Train) -> None:
    run = start(
        data={"modalities": ["t2f", "t1c"], "preparing": "minmax", "input_size": [24, 24]},
        post={"threshold": 90, "steps": [{"name": "fill_holes", "regions": ["WT"]}]},
    )
    train(run)
    last = run.pointed("last")
    assert last is not None
    checkpoint = read_checkpoint(last)
    spec, card = checkpoint.spec, checkpoint.card
    assert (spec.modalities, spec.preparing, spec.input_size) == (("t2f", "t1c"), "minmax", (24, 24))
    assert [(step.name, step.regions) for step in spec.post] == [("fill_holes", ("WT",))]
    assert (spec.thresholds, spec.regions, spec.scheme) == ((90, 90, 90), ("WT", "TC", "ET"), "brats-2023")
    assert load_model(checkpoint)(torch.zeros(1, 2, 24, 24)).shape == (1, 3, 24, 24)
    assert card.recipe == run.recipe.resolved()
    assert set(card.training_content) == set(run.split["train"])
    assert set(card.validation_content) == set(run.split["validation"])
    assert all(len(hashes) == 4 for hashes in card.training_content.values())
    assert str(run.folder.parent.parent) not in (last / "card.json").read_text(), "no path of this machine"


def test_without_a_validation_part_there_is_a_last_and_no_best(start: Start, train: Train) -> None:
    run = start()
    split = run.split | {"validation": []}
    (run.folder / "split.json").write_text(json.dumps(split))
    events = train(run)
    assert {event["event"] for event in events} == {"step", "checkpoint", "done"}
    assert run.pointed("best") is None
    assert run.pointed("last") == run.checkpoint_folder(8)


def test_whichever_of_epochs_and_steps_ends_first_ends_the_run(start: Start, train: Train) -> None:
    """Four patients of 12 head slices at batch 8 are 6 steps an epoch."""
    by_epochs = train(start(train={"epochs": 1, "max_steps": 100, "batch_size": 8}))
    assert (by_epochs[-1]["step"], by_epochs[0]["of"]) == (6, 6)
    assert train(start(train={"epochs": 50, "max_steps": 2}))[-1]["step"] == 2


def test_resuming_a_finished_run_says_done_and_changes_nothing(start: Start, train: Train) -> None:
    run = start()
    train(run)
    before = last_weights(run), metrics(run)
    (done,) = train(run)
    assert (done["event"], done["step"], done["state"]) == ("done", 8, "done")
    assert (last_weights(run), metrics(run)) == before


def test_a_wish_from_before_the_run_died_does_not_stop_it_when_it_resumes(start: Start, train: Train) -> None:
    run = start()

    def die(event: dict[str, Any]) -> None:
        if event["step"] == 2:
            raise KilledError

    with pytest.raises(KilledError):
        train(run, die)
    run.request("stop")
    assert train(run)[-1]["state"] == "done"


def test_a_wish_from_before_the_process_came_up_is_granted(start: Start, train: Train) -> None:
    run = start()
    run.request("pause")
    assert train(run)[-1] | {"loss": 0} == {
        "event": "done", "run": run.name, "step": 1, "loss": 0, "state": "paused",
    }  # fmt: skip
    assert run.status.state == "paused"


def test_the_resume_state_is_safetensors_and_json_in_the_last_checkpoint_only(start: Start, train: Train) -> None:
    run = start()
    train(run)
    last, best = run.pointed("last"), run.pointed("best")
    assert last is not None
    assert {RESUME_TENSORS, RESUME_FACTS, WEIGHTS, "card.json"} == {path.name for path in last.iterdir()}
    assert read_json(last / RESUME_FACTS)["step"] == 8
    if best is not None and best != last:
        assert {WEIGHTS, "card.json"} == {path.name for path in best.iterdir()}


def test_snapshots_show_the_same_slices_after_each_validation(start: Start, train: Train) -> None:
    run = start()
    train(run)
    fixed = read_fixed(run.folder)
    assert fixed is not None
    assert fixed.modality == "t1c"
    assert fixed.masks.any(axis=(1, 2)).all(), "slices with tumour"
    assert (fixed.images.min(), fixed.images.max()) == (0.0, 1.0)
    assert snapshot_steps(run.folder) == [4, 8]
    assert read_snapshot(run.folder, 8).masks.shape == fixed.masks.shape


def test_every_loss_that_is_plugged_in_trains(start: Start, train: Train) -> None:
    for name, spec in LOSSES.items():
        for target in spec.targets:
            run = start(loss={"name": name}, target={"kind": target}, train={"max_steps": 1})
            assert train(run)[-1]["state"] == "done", (name, target)


def test_on_a_cpu_an_operation_that_is_not_deterministic_is_an_error(start: Start, train: Train) -> None:
    def check(event: dict[str, Any]) -> None:
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.is_deterministic_algorithms_warn_only_enabled()

    train(start(train={"max_steps": 1}), check)
