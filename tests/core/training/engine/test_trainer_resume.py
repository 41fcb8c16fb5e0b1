"""Exact resume with everything on: stopped anywhere, a run ends as the one that was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.checkpoints import WEIGHTS
from core.training.runs.resume import RESUME_TENSORS
from core.training.runs.run_folder import RunFolder
from core.training.runs.tensorboard import NAME, event_step, fields, read_events
from core.workspace import Cohort, Workspace
from tests.core.training.conftest import Start, Train

EVERYTHING: dict[str, Any] = {
    "model": {"arguments": {"channels": [4, 8], "norm": "batch", "dropout": 0.3}},
    "augment": {"preset": "strong"},
    # a best that nothing beats, so that the rate falls at each later validation
    "optim": {"schedule": "plateau", "plateau_patience": 1, "warmup_steps": 0},
    "train": {
        "max_steps": 8,
        "batch_size": 2,
        "accumulate": 3,
        "ema_decay": 0.9,
        "validate_every_steps": 2,
        "checkpoint_every_steps": 3,
        "stopping": {"min_delta": 0.9},
    },
}


def files(run: RunFolder) -> dict[str, bytes]:
    last = run.pointed("last")
    assert last is not None
    return {name: (last / name).read_bytes() for name in (WEIGHTS, RESUME_TENSORS)}


def measured(run: RunFolder) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name != "slices_per_s"} for record in run.metrics()]


def events(folder: Path) -> list[tuple[int, bytes]]:
    """Steps and summaries of the event file, without the wall time."""
    found = []
    for event, _ in read_events((folder / NAME).read_bytes()):
        summaries = [value for number, value in fields(event) if number == 5 and isinstance(value, bytes)]
        found += [(event_step(event), summary) for summary in summaries]
    return found


@pytest.fixture
def straight(start: Start, train: Train) -> RunFolder:
    run = start(**EVERYTHING)
    train(run)
    return run


def test_stopped_at_any_step_and_resumed_it_ends_with_the_same_bits(
    start: Start, train: Train, straight: RunFolder, workspace: Workspace, small: Cohort
) -> None:
    """With accumulation, average, plateau, dropout, batch norm and strong augmentation; some runs stop twice."""
    rates = [record["lr"] for record in straight.metrics() if record["kind"] == "step"]
    assert rates == [0.01, 0.01, 0.01, 0.01, 0.005, 0.005, 0.0025, 0.0025]
    for stops in ({1}, {2, 5}, {4, 7}):
        run = start(**EVERYTHING)

        def ask(event: dict[str, Any], run: RunFolder = run, stops: set[int] = stops) -> None:
            if event["event"] == "step" and event["step"] in stops:
                run.request("stop")

        for _ in stops:
            assert train(run, ask)[-1]["state"] == "stopped"
        assert train(run)[-1]["state"] == "done"
        assert files(run) == files(straight), stops
        assert measured(run) == measured(straight)
        assert events(run.folder) == events(straight.folder)


def test_an_early_end_is_remembered(start: Start, train: Train) -> None:
    """Nothing beats the first validation by 0.9: with a patience of 2 the third validation is the last."""
    train_section = {**EVERYTHING["train"], "max_steps": 20, "stopping": {"min_delta": 0.9, "patience": 2}}
    run = start(**{**EVERYTHING, "train": train_section})
    done = train(run)[-1]
    assert (done["state"], done["step"]) == ("done", 6)
    (note,) = (record for record in run.metrics() if record["kind"] == "note")
    assert (note["step"], note["what"]) == (6, "stopped-early")
    assert note["sentence"] == (
        "stopped early: no better validation dice in the last 2 validations (train.stopping.patience)"
    )
    assert (run.status.state, run.status.message, run.status.step) == ("done", note["sentence"], 6)
    before = files(run), measured(run)
    (again,) = train(run)
    assert (again["event"], again["state"], again["step"]) == ("done", "done", 6)
    assert (files(run), measured(run)) == before
    assert run.status.message == note["sentence"]
