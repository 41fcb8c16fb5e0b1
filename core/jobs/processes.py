"""Start work in a process that outlives whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from core.workspace import PROJECT, Workspace

# what torchrun tells its processes; one that has trained with others and starts the next run must not pass it on
ONE_OF_SEVERAL = ("RANK", "LOCAL_", "GROUP_", "ROLE_", "WORLD_SIZE", "MASTER_", "TORCHELASTIC_")

# kept so that a later call reaps what has ended: dropped while it runs, a Popen warns
_started: list[subprocess.Popen[bytes]] = []


def born_at(pid: int) -> float:
    """Return when a process began, in seconds since the epoch; 0 where it is gone already."""
    import psutil

    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0


def start_process(workspace: Workspace, module: str, arguments: Sequence[str], output: Path) -> int:
    """Run `python -m MODULE ARGUMENTS` on a workspace, in a session of its own.

    Args:
        workspace: named to the process by $SEGSCOPE_WORKSPACE.
        module: what to run.
        arguments: its arguments.
        output: where what it prints is added; events and progress are in files of their own.

    Returns:
        The process's pid.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ONE_OF_SEVERAL)}
    environment = inherited | {
        "SEGSCOPE_WORKSPACE": str(workspace.root),
        "PYTHONPATH": str(PROJECT),
        "NO_ALBUMENTATIONS_UPDATE": "1",
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stream,
            start_new_session=True,
            cwd=PROJECT,
            env=environment,
        )
    _started[:] = [*(other for other in _started if other.poll() is None), process]
    return process.pid
