"""Trainings as jobs: what runs is not started or deleted again, and the list survives what it reads."""

from __future__ import annotations

import json
import os

import pytest

from core.errors import RefusedError
from core.jobs.trainings import clone_run, delete_run, list_runs, start_detached
from core.training.runs.run_folder import RunFolder, process_identity
from core.training.start import create_run, plan_run
from core.workspace import Cohort, NotInWorkspaceError, Workspace
from tests import narrow


@pytest.fixture
def run(workspace: Workspace, small: Cohort) -> RunFolder:
    recipe = narrow.recipe()
    return create_run(workspace, recipe, plan_run(workspace, recipe, "small", "default", None))


def test_a_run_that_was_not_started_is_listed_with_what_is_known(workspace: Workspace, run: RunFolder) -> None:
    (row,) = list_runs(workspace)
    assert (row["run"], row["title"], row["state"], row["step"]) == (run.name, "narrow", "stopped", 0)
    assert (row["best"], row["position"], row["started"], row["elapsed_s"]) == (None, None, None, 0.0)


def test_runs_are_listed_newest_first(workspace: Workspace, run: RunFolder) -> None:
    second = RunFolder.create(workspace, narrow.recipe(), run.split)
    os.utime(run.folder / "recipe.yaml", (1e9, 1e9))
    assert [row["run"] for row in list_runs(workspace)] == [second.name, run.name]


def test_a_run_that_lives_is_neither_started_again_nor_deleted(workspace: Workspace, run: RunFolder) -> None:
    status = run.status
    status.state = "running"
    status.pid, status.pid_started = process_identity()
    run.write_status(status)
    with pytest.raises(RefusedError, match="narrow-0001 is running; stop it first"):
        start_detached(workspace, run.name, "cpu")
    with pytest.raises(RefusedError, match="narrow-0001 is running; stop it first"):
        delete_run(workspace, run.name)
    assert run.folder.exists()


def test_a_run_that_was_killed_is_listed_as_failed_and_can_be_deleted(workspace: Workspace, run: RunFolder) -> None:
    status = run.status
    status.state, status.pid, status.pid_started = "running", 2**22 + 1, 0.0
    run.write_status(status)
    (row,) = list_runs(workspace)
    assert row["state"] == "failed"
    assert "resume to go on" in row["message"]
    delete_run(workspace, run.name)
    assert list_runs(workspace) == []
    with pytest.raises(NotInWorkspaceError):
        delete_run(workspace, run.name)


def test_a_start_forgets_what_was_asked_of_the_process_before(workspace: Workspace, run: RunFolder) -> None:
    run.request("stop")
    run.expect_process("cpu", 1.0)
    assert run.requested is None
    assert run.status.state == "queued"


def test_a_clone_trains_another_recipe_on_the_same_cases(workspace: Workspace, run: RunFolder) -> None:
    clone = clone_run(workspace, run.name, ["optim.lr=3e-4", "max_steps=20"])
    assert clone.name == "narrow-0002"
    assert (clone.recipe.optim.lr, clone.recipe.train.max_steps) == (3e-4, 20)
    assert clone.recipe.model == run.recipe.model
    assert clone.split == run.split
    assert (clone.status.state, clone.pointed("last")) == ("stopped", None)


def test_a_clone_keeps_its_cases_when_the_split_has_become_another(workspace: Workspace, run: RunFolder) -> None:
    path = workspace.split_path("small", "default")
    document = json.loads(path.read_text())
    fold = document["folds"][0]
    fold["train"], fold["test"] = [*fold["train"][1:], *fold["test"]], fold["train"][:1]
    path.write_text(json.dumps(document))
    assert clone_run(workspace, run.name).split == run.split


def test_a_clone_that_does_not_fit_says_why(workspace: Workspace, run: RunFolder) -> None:
    for change, sentence in (
        ("optim.lr=fast", "optim.lr"),
        ("optim.speed=1", "optim.speed"),
        ("data.modalities=[dwi]", "which cohort small lacks"),
        ("data.modalities=[", "not YAML"),
    ):
        with pytest.raises(RefusedError, match=sentence):
            clone_run(workspace, run.name, [change])
    assert workspace.run_names() == [run.name]


def test_a_run_of_a_newer_program_is_listed_under_that_word_and_not_started(
    workspace: Workspace, run: RunFolder
) -> None:
    for name, what in (("recipe.yaml", "schema_version: 9\n"), ("status.json", '{"schema_version": 9}')):
        (run.folder / name).write_text(what)
    (row,) = list_runs(workspace)
    assert (row["title"], row["state"]) == (run.name, "failed")
    assert "its status is of schema 9; this program reads schema 1: update it" in row["message"]
    with pytest.raises(RefusedError, match="of schema 9"):
        start_detached(workspace, run.name, "cpu")
    with run.claimed(), pytest.raises(RefusedError, match="is being trained by another process"):
        delete_run(workspace, run.name)
