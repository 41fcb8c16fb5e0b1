"""train and runs as the contract says."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from core.jobs import processes
from core.training.runs.run_folder import RunFolder
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.core.cli.conftest import Ask


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return narrow.recipe_file(tmp_path / "narrow.yaml")


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_training_prints_one_json_line_per_event_with_done_as_the_last(
    ask: Ask, small: Cohort, recipe: Path, flags: tuple[str, ...]
) -> None:
    answer = ask("train", recipe, "--set", "max_steps=2", "--device", "cpu", *flags)
    assert answer.code == 0
    events = [json.loads(line) for line in answer.out.splitlines()]
    assert [event["event"] for event in events] == ["step", "step", "epoch", "checkpoint", "done"]
    assert {event["run"] for event in events} == {"narrow-0001"}
    assert [event["step"] for event in events] == [1, 2, 2, 2, 2]
    assert "2/2 loss " in answer.err


def test_a_stopped_run_says_how_to_go_on_and_does(ask: Ask, workspace: Workspace, small: Cohort, recipe: Path) -> None:
    from core.recipe import load_recipe
    from core.training.start import create_run, plan_run

    loaded = load_recipe(str(recipe))
    run = create_run(workspace, loaded, plan_run(workspace, loaded, None, "default", None))
    run.request("stop")
    answer = ask("train", "--resume", run.name, "--device", "cpu")
    assert answer.code == 0
    assert "narrow-0001 is stopped; go on with: train --resume narrow-0001" in answer.err
    assert json.loads(ask("train", "--resume", run.name).out.splitlines()[-1])["state"] == "done"


def test_runs_are_listed_stopped_and_deleted(ask: Ask, workspace: Workspace, small: Cohort, recipe: Path) -> None:
    ask("train", recipe, "--set", "max_steps=1", "--device", "cpu")
    (row,) = ask("runs", "--json").document
    assert (row["run"], row["state"], row["step"], row["total_steps"]) == ("narrow-0001", "done", 1, 1)
    assert 0 <= row["best"] <= 1
    assert ask("runs", "narrow-0001").out.startswith("narrow-0001")
    stopped = ask("runs", "narrow-0001", "--stop")
    assert (stopped.code, stopped.err) == (1, "error: narrow-0001 is done; there is nothing to stop\n")
    assert not (workspace.runs / "narrow-0001" / "request.json").exists()
    deleted = ask("runs", "narrow-0001", "--delete", "--json")
    assert (deleted.code, deleted.document) == (0, [])
    assert not (workspace.runs / "narrow-0001").exists()


def test_a_running_run_is_asked_to_stop_and_is_not_deleted(
    ask: Ask, workspace: Workspace, small: Cohort, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("train", recipe, "--set", "max_steps=1", "--device", "cpu")
    run = RunFolder(workspace.runs / "narrow-0001")
    status = run.status
    status.state = "running"  # in this very process, which lives
    run.write_status(status)
    assert ask("runs", run.name, "--pause").code == 0
    assert run.requested == "pause"
    deleted = ask("runs", run.name, "--delete")
    assert (deleted.code, deleted.err) == (1, "error: narrow-0001 is running; stop it first\n")
    assert run.folder.exists()


@pytest.mark.slow
def test_a_detached_training_goes_on_by_itself_and_stops_when_asked(
    ask: Ask, workspace: Workspace, small: Cohort, recipe: Path
) -> None:
    answer = ask("train", recipe, "--set", "max_steps=5000", "--device", "cpu", "--detach", "--json")
    assert answer.document == {"run": "narrow-0001"}
    run = RunFolder(workspace.runs / "narrow-0001")
    wait_for(lambda: run.status.step >= 2)
    assert run.status.state == "running"
    assert ask("runs", run.name, "--stop").code == 0
    wait_for(lambda: run.status.state == "stopped")
    for process in processes._started:
        if process.pid == run.status.pid:  # other tests' workers idle on
            process.wait(30)
    assert run.pointed("last") == run.checkpoint_folder(run.status.step)


def wait_for(happened: object, seconds: float = 200) -> None:
    assert callable(happened)
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_a_run_is_cloned_with_changes(ask: Ask, workspace: Workspace, small: Cohort, recipe: Path) -> None:
    ask("train", recipe, "--set", "max_steps=1", "--device", "cpu")
    answer = ask("train", "--clone", "narrow-0001", "--set", "optim.lr=0.02", "--device", "cpu")
    assert json.loads(answer.out.splitlines()[-1])["run"] == "narrow-0002"
    assert RunFolder(workspace.runs / "narrow-0002").recipe.optim.lr == 0.02
    for wrong, sentence in (
        (("train",), "train takes a RECIPE, --resume RUN or --clone RUN, one of the three"),
        (("train", recipe, "--clone", "narrow-0001"), "one of the three"),
        (("train", "--clone", "narrow-0001", "--cohort", "small"), "a clone keeps its run's cohort and fold"),
    ):
        refused = ask(*wrong)
        assert refused.code == 2
        assert sentence in refused.err


def test_runs_say_where_they_wait(ask: Ask, workspace: Workspace, small: Cohort, recipe: Path) -> None:
    for _ in range(2):
        ask("train", recipe, "--set", "max_steps=1", "--device", "cpu")
    busy, waiting = (RunFolder(workspace.runs / f"narrow-000{number}") for number in (1, 2))
    status = busy.status
    status.state = "running"  # in this very process, which lives
    busy.write_status(status)
    status = waiting.status
    status.state = "paused"
    waiting.write_status(status)
    assert ask("train", "--resume", waiting.name, "--device", "cpu", "--detach").out == "narrow-0002\n"
    row = next(row for row in ask("runs", "--json").document if row["run"] == waiting.name)
    assert (row["state"], row["device"], row["position"]) == ("queued", "cpu", 1)
    assert "queued 1" in ask("runs", waiting.name).out
    assert ask("runs", waiting.name, "--stop").code == 0
    assert waiting.status.state == "stopped"
