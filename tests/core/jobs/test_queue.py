"""The queue: one training at a time on each device, in order, whoever asks and however many ask at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import RefusedError
from core.jobs import queue
from core.jobs.queue import advance, enqueue, pause, resolve_device, stop
from core.jobs.trainings import delete_run, list_runs
from core.training.runs.run_folder import RunFolder
from core.workspace import PROJECT, Cohort, NotInWorkspaceError, Workspace
from tests import narrow
from tests.core.jobs.stand_ins import Made, Trainings


def positions(workspace: Workspace) -> dict[str, int]:
    return {row["run"]: row["position"] for row in list_runs(workspace) if row["position"]}


def test_the_first_starts_and_the_others_wait_in_order(workspace: Workspace, made: Made, trainings: Trainings) -> None:
    first, second, third = made(), made(), made()
    for run in (first, third, second):
        enqueue(workspace, run.name, "cpu")
    assert trainings.started == [(first.name, "cpu")]
    assert positions(workspace) == {third.name: 1, second.name: 2}
    assert first.is_alive
    assert not third.is_alive
    assert advance(workspace) == []
    trainings.end(first, "done")
    assert advance(workspace) == [third.name]
    assert advance(workspace) == []
    assert positions(workspace) == {second.name: 1}


def test_a_device_goes_on_when_its_training_was_killed(workspace: Workspace, made: Made, trainings: Trainings) -> None:
    first, second = made(), made()
    enqueue(workspace, first.name, "cpu")
    enqueue(workspace, second.name, "cpu")
    trainings.end(first, None)
    assert first.status.state == "failed"
    assert advance(workspace) == [second.name]


def test_every_device_has_its_own_queue(workspace: Workspace, made: Made, trainings: Trainings) -> None:
    runs = [made() for _ in range(4)]
    for run, device in zip(runs, ("cuda:1", "cuda", "cuda:0", "cuda:1"), strict=True):
        enqueue(workspace, run.name, device)
    assert trainings.started == [(runs[0].name, "cuda:1"), (runs[1].name, "cuda:0")]
    assert positions(workspace) == {runs[2].name: 1, runs[3].name: 1}
    assert [row["device"] for row in list_runs(workspace)] == ["cuda:1", "cuda:0", "cuda:0", "cuda:1"]


def test_eight_that_start_at_once_get_one_process_each_and_only_one_runs(
    workspace: Workspace, made: Made, trainings: Trainings
) -> None:
    runs = [made() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda run: enqueue(workspace, run.name, "cpu"), runs))
    assert len(trainings.names) == 1
    waiting = positions(workspace)
    assert sorted(waiting.values()) == [1, 2, 3, 4, 5, 6, 7]
    in_order = [trainings.names[0], *sorted(waiting, key=lambda run: waiting[run])]
    for name in in_order[:-1]:
        trainings.end(RunFolder(workspace.runs / name), "done")
        with ThreadPoolExecutor(8) as pool:
            started = list(pool.map(lambda _: advance(workspace), range(8)))
        assert sum(map(len, started)) == 1
    assert trainings.names == in_order
    assert sorted(trainings.names) == [run.name for run in runs], "none lost, none twice"


def test_pause_keeps_a_place_and_stop_gives_it_up(workspace: Workspace, made: Made, trainings: Trainings) -> None:
    running, early, later = made(), made(), made()
    for run in (running, early, later):
        enqueue(workspace, run.name, "cpu")
    pause(workspace, early.name)
    assert early.status.state == "paused"
    assert positions(workspace) == {later.name: 1}
    enqueue(workspace, early.name)
    assert positions(workspace) == {early.name: 1, later.name: 2}
    stop(workspace, early.name)
    assert early.status.state == "stopped"
    enqueue(workspace, early.name)
    assert positions(workspace) == {later.name: 1, early.name: 2}
    assert trainings.names == [running.name]


def test_a_training_that_was_paused_goes_on_before_those_that_came_later(
    workspace: Workspace, made: Made, trainings: Trainings
) -> None:
    first, second, third = made(), made(), made()
    for run in (first, second, third):
        enqueue(workspace, run.name, "cpu")
    pause(workspace, first.name)
    assert first.requested == "pause", "its process ends by itself, at a checkpoint"
    trainings.end(first, "paused")
    assert advance(workspace) == [second.name], "the device goes on meanwhile"
    enqueue(workspace, first.name)
    assert positions(workspace) == {first.name: 1, third.name: 2}


def test_what_was_asked_of_a_run_that_turned_out_to_wait_is_done(
    workspace: Workspace, made: Made, trainings: Trainings
) -> None:
    first, second, third = made(), made(), made()
    for run in (first, second, third):
        enqueue(workspace, run.name, "cpu")
    second.request("stop")
    trainings.end(first, "done")
    assert advance(workspace) == [third.name]
    assert (second.status.state, second.requested) == ("stopped", None)


def test_a_clock_that_is_set_back_changes_no_order(
    workspace: Workspace, made: Made, trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, first, second = made(), made(), made()
    enqueue(workspace, running.name, "cpu")
    enqueue(workspace, first.name, "cpu")
    yesterday = time.time() - 86_400
    monkeypatch.setattr(time, "time", lambda: yesterday)
    enqueue(workspace, second.name, "cpu")
    assert positions(workspace) == {first.name: 1, second.name: 2}
    assert running.is_alive


def test_a_training_in_the_foreground_keeps_its_device_busy(
    workspace: Workspace, made: Made, trainings: Trainings
) -> None:
    foreground, waiting = made(), made()
    status = foreground.take_over()
    status.device = "cpu"
    foreground.write_status(status)
    enqueue(workspace, waiting.name, "cpu")
    assert trainings.started == []
    enqueue(workspace, waiting.name, "cpu")  # once is enough
    status.state = "done"
    foreground.write_status(status)
    assert advance(workspace) == [waiting.name]


def test_a_run_that_nobody_has_queued_is_not_started(workspace: Workspace, made: Made, trainings: Trainings) -> None:
    run = made()
    assert (run.status.state, run.status.message) == ("stopped", "not started yet")
    assert advance(workspace) == []
    assert trainings.started == []


def test_auto_keeps_the_device_of_a_run_that_had_one(workspace: Workspace, made: Made, trainings: Trainings) -> None:
    run = made()
    enqueue(workspace, run.name, "cuda:3")
    stop(workspace, run.name)
    trainings.end(run, "stopped")
    enqueue(workspace, run.name)
    assert trainings.started == [(run.name, "cuda:3")] * 2


def test_what_cannot_be_queued_says_why(workspace: Workspace, made: Made, trainings: Trainings) -> None:
    run, done = made(), made()
    enqueue(workspace, run.name, "cpu")
    with pytest.raises(RefusedError, match="narrow-0001 is running; stop it first"):
        enqueue(workspace, run.name, "cpu")
    status = done.status
    status.state = "done"
    done.write_status(status)
    with pytest.raises(RefusedError, match="narrow-0002 is done; clone it with more steps to train on"):
        enqueue(workspace, done.name)
    with pytest.raises(RefusedError, match="there is nothing to pause"):
        pause(workspace, done.name)
    with pytest.raises(RefusedError, match="no device is called 'tpu'; expected auto, cpu, mps, cuda or cuda:N"):
        enqueue(workspace, done.name, "tpu")
    with pytest.raises(NotInWorkspaceError):
        enqueue(workspace, "nothing")


def test_a_run_that_waits_can_be_deleted_and_the_others_move_up(
    workspace: Workspace, made: Made, trainings: Trainings
) -> None:
    first, second, third = made(), made(), made()
    for run in (first, second, third):
        enqueue(workspace, run.name, "cpu")
    delete_run(workspace, second.name)
    assert positions(workspace) == {third.name: 1}
    with pytest.raises(RefusedError, match="is running; stop it first"):
        delete_run(workspace, first.name)


def test_auto_is_the_first_gpu_where_the_driver_lists_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: a card'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    queue._has_gpu.cache_clear()
    try:
        assert (resolve_device("auto") == "cuda:0") == (torch.version.cuda is not None)
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
        queue._has_gpu.cache_clear()
        assert resolve_device("auto") != "cuda:0"
        tool.write_text("#!/bin/sh\nexit 9\n")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
        queue._has_gpu.cache_clear()
        assert resolve_device("auto") != "cuda:0"
    finally:
        queue._has_gpu.cache_clear()
    assert resolve_device("cuda") == "cuda:0"
    assert resolve_device("cuda:2") == "cuda:2"


ASK_ALL_THE_TIME = """
import sys, time
from pathlib import Path
from core.jobs.queue import advance
from core.workspace import Workspace
while True:
    advance(Workspace(Path(sys.argv[1])))
    time.sleep(0.05)
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_eight_processes_press_start_at_once_and_two_servers_look_on(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    recipe = narrow.recipe_file(tmp_path / "narrow.yaml")
    environment = os.environ | {"SEGSCOPE_WORKSPACE": str(workspace.root), "PYTHONPATH": str(PROJECT)}
    servers = [
        subprocess.Popen([sys.executable, "-c", ASK_ALL_THE_TIME, str(workspace.root)], cwd=PROJECT, env=environment)
        for _ in range(2)
    ]
    command = [sys.executable, "-m", "core", "train", str(recipe), "--detach", "--device", "cpu", "--json"]
    try:
        starters = [
            subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(8)
        ]
        names = [json.loads(starter.communicate(timeout=200)[0])["run"] for starter in starters]
        assert sorted(names) == [f"narrow-{number:04d}" for number in range(1, 9)]
        runs = [RunFolder(workspace.run_folder(name)) for name in names]
        ends = time.monotonic() + 400
        while not all(run.status.state in ("done", "failed") for run in runs):
            assert time.monotonic() < ends, [run.status.state for run in runs]
            time.sleep(0.2)
    finally:
        for server in servers:
            server.kill()
            server.wait()
    assert [(run.name, run.status.state, run.status.message) for run in runs] == [(name, "done", "") for name in names]
    for run in runs:
        lines = [line.split(" ", 2)[2] for line in (run.folder / "log.txt").read_text().splitlines()]
        assert lines == ["started", "done"], "one process, once"
        assert "another process" not in run.output()
    in_queue = sorted(runs, key=lambda run: run.status.queued_at)
    started = [run.status.started_at for run in in_queue]
    ended = [run.status.heartbeat for run in in_queue]
    assert started == sorted(started)
    assert all(end <= start for end, start in zip(ended, started[1:], strict=False)), "one at a time"
