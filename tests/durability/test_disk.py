"""A disk that fills up while a run is written, and one that cannot be written at all."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from core.checkpoints import CARD, load_model, read_checkpoint
from core.jobs.queue import advance, enqueue
from core.jobs.trainings import clone_run, delete_run, list_runs
from core.training.process import run_training
from core.training.runs import disk
from core.training.runs.disk import UnwritableError
from core.training.runs.run_folder import RunFolder
from core.training.start import create_run, plan_run
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.durability.conftest import PAGE, SmallDisk, last_weights, measured, read_only

EVERY = 2  # steps between checkpoints
OFFSETS = 20
SECTIONS: dict[str, Mapping[str, Any]] = {
    # wide enough that a checkpoint takes many pages of the disk
    "model": {"name": "unet", "arguments": {"channels": [12, 24], "norm": "instance"}},
    "train": {
        "max_steps": EVERY * (OFFSETS + 2),
        "batch_size": 2,
        "checkpoint_every_steps": EVERY,
        "validate_every_steps": 2 * EVERY,
    },
}

OnEvent = Callable[[dict[str, Any]], None]


def made(workspace: Workspace, **sections: Mapping[str, Any]) -> RunFolder:
    recipe = narrow.recipe(**(SECTIONS | sections))
    return create_run(workspace, recipe, plan_run(workspace, recipe, "small", "default", None))


def train(workspace: Workspace, run: RunFolder, on_event: OnEvent = lambda _event: None) -> str:
    return run_training(workspace, run, "cpu", on_event)


def at_step(step: int, act: Callable[[], None]) -> OnEvent:
    def on_event(event: dict[str, Any]) -> None:
        if (event["event"], event["step"]) == ("step", step):
            act()

    return on_event


def pages(run: RunFolder) -> int:
    """How many pages of the disk the last checkpoint takes."""
    last = run.pointed("last")
    assert last is not None
    return sum(-(-file.stat().st_size // PAGE) for file in last.iterdir())


@pytest.mark.slow
def test_at_twenty_offsets_a_full_disk_leaves_the_old_checkpoint_and_says_why(
    small_disk: SmallDisk, workspace: Workspace, small: Cohort
) -> None:
    straight = made(workspace)
    assert train(workspace, straight) == "done"
    run = made(small_disk.workspace)
    first = train(small_disk.workspace, run, at_step(EVERY + 1, lambda: run.request("pause")))
    assert first == "paused"
    whole = pages(run)
    assert whole > OFFSETS
    for offset in range(OFFSETS):
        last = run.pointed("last")
        assert last is not None
        kept = read_checkpoint(last).id
        step = int(last.name.removeprefix("step-"))
        due = step + EVERY - step % EVERY
        # from no room at all to room for all of the checkpoint but one page
        room = offset * (whole - 1) // (OFFSETS - 1)
        ending = train(small_disk.workspace, run, at_step(due, lambda room=room: small_disk.fill(leaving=room)))  # type: ignore[misc]
        assert ending == "paused"
        status = run.status
        assert status.state == "paused"
        assert status.message == f"the disk is full; the checkpoint of step {step} is kept: make room and resume"
        assert json.loads((run.folder / "status.json").read_text())["state"] == "paused", "written, not guessed"
        assert run.pointed("last") == last
        old = read_checkpoint(last)
        assert old.id == kept
        load_model(old)
        for name in ("best", "last"):
            pointed = run.pointed(name)  # type: ignore[arg-type]
            assert pointed is None or load_model(read_checkpoint(pointed))
        assert [record["what"] for record in run.metrics() if record["kind"] == "note"][-1] == "disk-full"
        small_disk.make_room()
        # one more checkpoint, so that the next offset meets another
        going_on = train(small_disk.workspace, run, at_step(due, lambda: run.request("pause")))
        assert going_on == "paused"
        assert run.pointed("last") == run.checkpoint_folder(due)
    assert train(small_disk.workspace, run) == "done"
    assert last_weights(run) == last_weights(straight)
    assert measured(run) == measured(straight)


@pytest.mark.slow
def test_where_not_even_last_words_can_be_written_a_reader_is_told_the_truth(small_disk: SmallDisk) -> None:
    run = made(small_disk.workspace)

    def take_everything() -> None:
        (run.folder / disk.RESERVE).write_bytes(b"")  # another program was faster
        small_disk.fill(leaving=0)

    assert train(small_disk.workspace, run, at_step(EVERY + 1, take_everything)) == "paused"
    assert json.loads((run.folder / "status.json").read_text())["state"] == "running", "nothing could be written"
    (row,) = list_runs(small_disk.workspace)
    assert (row["state"], row["message"]) == (
        "paused", "the disk was full; the last checkpoint is kept: make room and resume",
    )  # fmt: skip
    small_disk.make_room()
    assert train(small_disk.workspace, run) == "done"
    assert not (run.folder / disk.MARK).exists()
    assert not (run.folder / disk.RESERVE).exists()


def test_a_disk_that_is_full_at_the_start_is_a_sentence(small_disk: SmallDisk) -> None:
    run = made(small_disk.workspace)
    small_disk.fill(leaving=0)
    sentence = "the disk of the workspace is full; make room and try again"
    with pytest.raises(UnwritableError, match=sentence):
        made(small_disk.workspace)
    assert small_disk.workspace.run_names() == [run.name], "no half of a run is left"
    with pytest.raises(UnwritableError, match=sentence):
        enqueue(small_disk.workspace, run.name, "cpu")
    assert train(small_disk.workspace, run) == "paused"
    assert run.status.state in ("paused", "stopped")
    small_disk.make_room()
    status = run.status
    assert (status.state, status.step) in (("paused", 0), ("stopped", 0))


def test_a_read_only_workspace_is_a_sentence_and_can_be_looked_at(small_disk: SmallDisk) -> None:
    place = small_disk.workspace
    run = made(place)
    sentence = r"cannot be written \(Read-only file system\); allow it, or name another folder"
    with read_only(place.root):
        for act in (
            lambda: made(place),
            lambda: clone_run(place, run.name),
            lambda: enqueue(place, run.name, "cpu"),
            lambda: train(place, run),
            lambda: delete_run(place, run.name),
        ):
            with pytest.raises(UnwritableError, match=sentence):
                act()
        assert [row["run"] for row in list_runs(place)] == [run.name]
        assert advance(place) == []
    assert run.status.state == "stopped"


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError("4096 requested and 0 written"), True),
        (OSError(errno.EIO, "Input/output error"), False),
        (ValueError("4096 requested and 0 written"), False),
    ],
)
def test_a_full_disk_is_known_by_its_errors(error: Exception, full: bool) -> None:
    assert disk.is_full(error) == full


def test_a_checkpoint_of_a_newer_program_is_said_when_its_run_resumes(workspace: Workspace, small: Cohort) -> None:
    run = made(workspace, train={"max_steps": 4, "batch_size": 2, "checkpoint_every_steps": 2})
    assert train(workspace, run, at_step(2, lambda: run.request("pause"))) == "paused"
    last = run.pointed("last")
    assert last is not None
    for path, sentence in (
        (last / CARD, "a card of schema 9; this program reads schema 1: update it"),
        (last / "resume.json", "its resume state is of schema 9; this program reads schema 1: update it"),
    ):
        before = path.read_bytes()
        path.write_text(json.dumps(json.loads(before) | {"schema_version": 9}))
        with pytest.raises(ValueError, match=sentence):
            train(workspace, run)
        path.write_bytes(before)
    assert train(workspace, run) == "done"
