"""Processes that stand in for trainings, which take seconds to begin."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from core.training.runs.run_folder import RunFolder, State
from core.workspace import Workspace

Made = Callable[[], RunFolder]


class Trainings:
    """Processes that live until they are ended."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str]] = []
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, _workspace: Workspace, _module: str, arguments: list[str], _output: Path) -> int:
        verb, resume, run, option, device = arguments
        assert (verb, resume, option) == ("train", "--resume", "--device")
        self.started.append((run, device))
        self.processes[run] = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        return self.processes[run].pid

    def end(self, run: RunFolder, state: State | None) -> None:
        """End a run's process; with a state it says so first, without it is killed."""
        if state:
            status = run.status
            status.state = state
            run.write_status(status)
        self.processes[run.name].kill()
        self.processes[run.name].wait()

    @property
    def names(self) -> list[str]:
        return [run for run, _ in self.started]
