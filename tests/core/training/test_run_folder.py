"""A run on disk: names, pointers, metrics, and what a killed process leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.training.run_folder import RunFolder, process_identity, process_lives
from core.workspace import Workspace
from tests import narrow


@pytest.fixture
def run(workspace: Workspace) -> RunFolder:
    return RunFolder.create(workspace, narrow.recipe(), {"cohort": "small", "split": "default"})


def test_runs_are_numbered_after_their_recipe_and_listed_oldest_first(workspace: Workspace, run: RunFolder) -> None:
    second = RunFolder.create(workspace, narrow.recipe(), {})
    assert (run.name, second.name) == ("narrow-0001", "narrow-0002")
    os.utime(run.folder / "recipe.yaml", (2e9, 2e9))
    assert workspace.run_names() == ["narrow-0002", "narrow-0001"]


def test_recipe_and_split_come_back_as_they_went(run: RunFolder) -> None:
    assert run.recipe == narrow.recipe()
    assert run.split == {"cohort": "small", "split": "default"}


def test_a_folder_without_a_recipe_is_no_run(workspace: Workspace, run: RunFolder) -> None:
    (workspace.runs / "half").mkdir()
    assert workspace.run_names() == [run.name]


def test_a_run_whose_process_lives_reads_as_running(run: RunFolder) -> None:
    status = run.status
    status.state = "running"
    status.pid, status.pid_started = process_identity()
    run.write_status(status)
    assert run.status.state == "running"
    assert run.is_alive


def test_a_run_whose_process_is_gone_reads_as_failed_with_what_to_do(run: RunFolder) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    status = run.status
    status.state, status.pid, status.pid_started = "running", ended.pid, 0.0
    run.write_status(status)
    assert run.status.state == "failed"
    assert run.status.message == (
        "the process ended without a word (killed, or the machine restarted); resume to go on"
    )
    assert not run.is_alive


def test_another_process_under_the_same_number_is_not_the_run() -> None:
    pid, started = process_identity()
    assert process_lives(pid, started)
    assert not process_lives(pid, started - 1000)


def test_a_zombie_does_not_live() -> None:
    import psutil

    child = subprocess.Popen([sys.executable, "-c", ""])
    started = psutil.Process(child.pid).create_time()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert not process_lives(child.pid, started)
    child.wait()


def test_a_queued_run_whose_process_died_reads_as_failed_with_its_last_words(run: RunFolder) -> None:
    assert run.status.state == "queued"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    run.name_process(ended.pid)
    ended.wait()
    (run.folder / "output.txt").write_text("1/8 loss\nerror: the disk is full\n")
    assert run.status.state == "failed"
    assert run.status.message == "the process ended before the training began: the disk is full"


def test_one_process_at_a_time_holds_a_run(run: RunFolder) -> None:
    with run.claimed() as mine:
        assert mine
        with RunFolder(run.folder).claimed() as theirs:
            assert not theirs
    with run.claimed() as again:
        assert again


def test_a_request_is_taken_once(run: RunFolder) -> None:
    assert run.take_request() is None
    run.request("pause")
    assert run.requested == "pause"
    assert run.take_request() == "pause"
    assert run.take_request() is None


def test_metrics_are_cut_to_the_step_that_a_run_resumes_from(run: RunFolder) -> None:
    for step in range(1, 6):
        run.append_metrics({"kind": "step", "step": step, "loss": step / 10})
        if step % 2 == 0:
            run.append_metrics({"kind": "validation", "step": step, "dice": {}})
    run.cut_metrics(4)
    assert [(record["kind"], record["step"]) for record in run.metrics()] == [
        ("step", 1), ("step", 2), ("validation", 2), ("step", 3), ("step", 4), ("validation", 4),
    ]  # fmt: skip


def test_a_line_cut_off_by_a_kill_is_no_record(run: RunFolder) -> None:
    run.append_metrics({"kind": "step", "step": 1})
    with (run.folder / "metrics.jsonl").open("a") as stream:
        stream.write('{"kind": "step", "st')
    assert [record["step"] for record in run.metrics()] == [1]
    run.cut_metrics(1)
    run.append_metrics({"kind": "step", "step": 2})
    lines = (run.folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]


def step_folder(run: RunFolder, step: int) -> Path:
    folder = run.checkpoint_folder(step)
    folder.mkdir()
    for name in ("weights", "resume"):
        (folder / name).touch()
    return folder


def test_only_last_and_best_are_kept_and_only_last_can_be_resumed(run: RunFolder) -> None:
    folders = {step: step_folder(run, step) for step in (2, 4, 6)}
    run.point("best", 2)
    run.point("last", 6)
    run.prune(["resume"])
    assert not folders[4].exists()
    assert sorted(path.name for path in folders[2].iterdir()) == ["weights"]
    assert sorted(path.name for path in folders[6].iterdir()) == ["resume", "weights"]
    assert run.pointed("best") == folders[2]
    assert run.pointed("last") == folders[6]


def test_a_best_that_is_also_last_keeps_its_resume_state(run: RunFolder) -> None:
    folder = step_folder(run, 6)
    run.point("best", 6)
    run.point("last", 6)
    run.prune(["resume"])
    assert (folder / "resume").exists()
