"""A run on disk: names, pointers, metrics, and what a killed process leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.training.runs import disk
from core.training.runs.liveness import birth, process_identity, process_lives
from core.training.runs.run_folder import NewerRunError, RunFolder
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
    ticks, boot = started.split("@") if "@" in started else (started, "")
    assert not process_lives(pid, started.replace(ticks, "7", 1))
    if boot:
        assert not process_lives(pid, f"{ticks}@another-boot")


def test_a_process_that_an_earlier_version_named_by_its_start_is_still_known() -> None:
    import psutil

    started = psutil.Process().create_time()
    assert process_lives(os.getpid(), started)
    assert not process_lives(os.getpid(), started - 1000)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a start is kept as the clock showed it")
def test_a_clock_that_jumps_ends_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """psutil adds ticks to the time of the boot, which moves when the clock is set."""
    import psutil

    pid, started = process_identity()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _process: 1.0)
    assert process_lives(pid, started)


def test_a_zombie_does_not_live() -> None:
    import psutil

    child = subprocess.Popen([sys.executable, "-c", ""])
    started = birth(child.pid)
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert not process_lives(child.pid, started)
    child.wait()


def test_a_queued_run_whose_process_died_reads_as_failed_with_its_last_words(run: RunFolder) -> None:
    run.expect_process("cpu", 1.0)
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
    run.drop_torn_line()
    assert (run.folder / "metrics.jsonl").read_text() == '{"kind": "step", "step": 1}\n'
    with (run.folder / "metrics.jsonl").open("a") as stream:
        stream.write('{"kind": "step", "st')
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


def test_a_run_killed_between_its_two_pointers_forgets_the_best_that_was_too_new(run: RunFolder) -> None:
    """The best was pointed to, the last was not: who resumes from the last comes to that best again."""
    for step in (2, 4, 6):
        step_folder(run, step)
    run.point("best", 2)
    run.point("last", 4)
    run.point("best", 6)
    run.take_over()
    assert run.pointed("best") == run.checkpoint_folder(2)
    assert run.pointed("last") == run.checkpoint_folder(4)
    assert not run.checkpoint_folder(6).exists()


def test_a_run_killed_between_its_first_two_pointers_starts_again(run: RunFolder) -> None:
    step_folder(run, 2)
    run.point("best", 2)
    run.take_over()
    assert (run.pointed("best"), run.pointed("last")) == (None, None)
    assert not run.checkpoint_folder(2).exists()


def test_what_was_half_written_is_cleared_away_and_nothing_else(run: RunFolder) -> None:
    kept = {path.name for path in run.folder.iterdir()}
    (run.folder / ".step-6.0123abcd.tmp").mkdir()
    (run.folder / ".step-6.0123abcd.tmp" / "weights").touch()
    (run.folder / ".last.json.0123abcd.tmp").touch()
    (run.folder / ".request.json.0123abcd.tmp").touch()  # somebody is asking for something just now
    run.take_over()
    found = {path.name for path in run.folder.iterdir()}
    assert found - kept == {disk.RESERVE, ".request.json.0123abcd.tmp"}
    assert kept <= found


def test_a_run_of_a_newer_program_is_said_and_left_alone(run: RunFolder) -> None:
    path = run.folder / "status.json"
    document = json.loads(path.read_text()) | {"schema_version": 9, "state": "dreaming", "mood": "fine"}
    path.write_text(json.dumps(document))
    sentence = "narrow-0001: its status is of schema 9; this program reads schema 1: update it"
    assert (run.status.state, run.status.message) == ("failed", sentence)
    with pytest.raises(NewerRunError, match="schema 9; this program reads schema 1: update it"):
        run.take_over()
    assert json.loads(path.read_text()) == document


def test_a_disk_too_full_for_last_words_leaves_a_mark_that_says_it(run: RunFolder) -> None:
    run.take_over()
    disk.use_reserve(run.folder)  # and then the status could not be written
    assert (run.folder / disk.MARK).stat().st_size == 0
    assert (run.status.state, run.status.message) == (
        "paused", "the disk was full; the last checkpoint is kept: make room and resume",
    )  # fmt: skip
    run.expect_process("cpu", 1.0)
    assert run.status.state == "queued"


def test_elapsed_time_is_that_of_all_processes(run: RunFolder) -> None:
    status = run.take_over()
    status.elapsed_s, status.state = 5.0, "paused"
    run.write_status(status)
    assert (run.take_over().earlier_s, run.status.elapsed_s) == (5.0, 0.0)
