"""The queue: one training at a time on each device, in the order in which they were put in.

What the runs' own status files say is the queue; there is no list beside them that could say something else. Looking
and starting happen under one file lock, so that however many pages, servers and ending trainings ask at once, each
waiting run gets one process. Nobody has to stay: whoever asks next moves the queue on. A file lock is let go when its
holder dies.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from core.errors import RefusedError
from core.jobs.processes import start_process
from core.training.runs.disk import writing_workspace
from core.training.runs.run_folder import RunFolder, Status
from core.workspace import Workspace

DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
LEAST_APART = 1e-3  # between two places in the queue


def enqueue(workspace: Workspace, run: str, device: str = "auto") -> None:
    """Put a run into its device's queue, and start it if its turn is now.

    A run that was paused takes its old place, before those that came later. One that is waiting already stays where
    it is.

    Args:
        workspace: where the run is.
        run: its name.
        device: `auto` keeps the device that the run had; a new run gets the first GPU, else the processor.

    Raises:
        RefusedError: it is running or done, there is no such kind of device, or the workspace cannot be written.
        NotInWorkspaceError: there is none of that name.
    """
    if not DEVICE.fullmatch(device):
        raise RefusedError(f"no device is called {device!r}; expected auto, cpu, mps, cuda or cuda:N")
    job = RunFolder(workspace.run_folder(run))
    with writing_workspace(), locked(workspace):
        job.require_readable()
        if not job.is_waiting:
            _put(workspace, job, device)
        _start_next(workspace)


def advance(workspace: Workspace) -> list[str]:
    """Start the first waiting run of every device on which nothing is trained.

    Called whenever a training ends, and by whoever looks at the runs; when nothing waits it only looks.

    Returns:
        The runs that were started.
    """
    if not any(_is_waiting(run) for run in _runs(workspace)):
        return []
    try:
        with locked(workspace):
            return _start_next(workspace)
    except OSError:  # nothing can be written now: they wait until somebody asks again
        return []


def pause(workspace: Workspace, run: str) -> None:
    """Ask a run to checkpoint and end; it keeps its place in the queue. One that waits is taken out at once.

    Raises:
        RefusedError: there is nothing to pause.
        NotInWorkspaceError: there is none of that name.
    """
    _end(workspace, run, "pause")


def stop(workspace: Workspace, run: str) -> None:
    """Ask a run to checkpoint and end; it leaves the queue, and can be resumed by hand.

    Raises:
        RefusedError: there is nothing to stop.
        NotInWorkspaceError: there is none of that name.
    """
    _end(workspace, run, "stop")


@contextlib.contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Hold the queue: nobody starts, queues or deletes a run meanwhile."""
    import fcntl

    with (workspace.root / "queue.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def device_of(status: Status) -> str:
    """Return where a run is trained, or was, or would be if it were queued now."""
    if status.device != "auto":
        return status.device
    return str(status.compute.get("device") or resolve_device("auto"))


def resolve_device(device: str) -> str:
    """Return the device that a word such as `auto` means on this machine. torch is not asked: it takes seconds."""
    if device == "cuda":
        return "cuda:0"
    if device != "auto":
        return device
    if _has_gpu():
        return "cuda:0"
    return "mps" if sys.platform == "darwin" and os.uname().machine == "arm64" else "cpu"


@lru_cache(maxsize=1)
def _has_gpu() -> bool:
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1") or shutil.which("nvidia-smi") is None:
        return False
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "GPU 0" in listed.stdout and _torch_knows_cuda()


def _torch_knows_cuda() -> bool:
    found = find_spec("torch")
    if found is None or found.origin is None:
        return False
    built_for = re.search(r"^cuda.*=\s*(.+)$", (Path(found.origin).parent / "version.py").read_text(), re.MULTILINE)
    return built_for is not None and built_for[1].strip() != "None"


def _put(workspace: Workspace, run: RunFolder, device: str) -> None:
    status = run.status
    if run.is_alive:
        raise RefusedError(f"{run.name} is running; stop it first")
    if status.state == "done":
        raise RefusedError(f"{run.name} is done; clone it with more steps to train on")
    place = status.queued_at if status.state == "paused" else 0.0
    if not place:
        # a clock that was set back must not let a later run go first
        last = max((other.status.queued_at for other in _runs(workspace)), default=0.0)
        place = max(time.time(), last + LEAST_APART)
    run.expect_process(device_of(status) if device == "auto" else resolve_device(device), place)


def _start_next(workspace: Workspace) -> list[str]:
    runs = _runs(workspace)
    busy = {device_of(run.status) for run in runs if run.is_alive}
    started = []
    for run in sorted((run for run in runs if run.is_waiting), key=lambda run: (run.status.queued_at, run.name)):
        if asked := run.take_request():  # by somebody who thought that it was running already
            _take_out(run, "pause" if asked == "pause" else "stop")
            continue
        device = run.status.device
        if device not in busy:
            arguments = ["train", "--resume", run.name, "--device", device]
            run.name_process(start_process(workspace, "core", arguments, run.folder / "output.txt"))
            started.append(run.name)
            busy.add(device)
    return started


def _end(workspace: Workspace, name: str, action: Literal["pause", "stop"]) -> None:
    run = RunFolder(workspace.run_folder(name))
    with writing_workspace(), locked(workspace):
        if run.is_waiting:
            _take_out(run, action)
        elif run.is_alive:
            run.request(action)
        else:
            raise RefusedError(f"{name} is {run.status.state}; there is nothing to {action}")


def _take_out(run: RunFolder, action: Literal["pause", "stop"]) -> None:
    status = run.status
    status.state = "paused" if action == "pause" else "stopped"
    run.write_status(status)


def _is_waiting(run: RunFolder) -> bool:
    try:
        return run.is_waiting
    except FileNotFoundError:  # deleted while it was read
        return False


def _runs(workspace: Workspace) -> list[RunFolder]:
    return [RunFolder(workspace.runs / name) for name in workspace.run_names()]
