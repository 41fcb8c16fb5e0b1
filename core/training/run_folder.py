"""A run on disk: recipe, split, status, metrics and checkpoints. What is here is the truth about a run."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.atomic import read_json, replacing, write_json
from core.recipe import Recipe, parse_recipe
from core.workspace import Workspace

State = Literal["queued", "running", "paused", "stopped", "done", "failed"]
ACTIVE: tuple[State, ...] = ("queued", "running")
HEARTBEAT_S = 1.0


@dataclass(slots=True)
class Status:
    """What a run is doing. Times are seconds; `heartbeat` and `queued_at` are seconds since the epoch."""

    run: str
    state: State = "queued"
    kind: str = "train"
    pid: int = 0
    pid_started: float = 0.0
    step: int = 0
    total_steps: int = 0
    steps_per_epoch: int = 0
    loss: float | None = None
    learning_rate: float | None = None
    slices_per_s: float | None = None
    elapsed_s: float = 0.0
    eta_s: float | None = None
    heartbeat: float = 0.0
    message: str = ""
    device: str = "auto"
    queued_at: float = 0.0
    compute: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0


class RunFolder:
    """Reads and writes one run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name

    @classmethod
    def create(cls, workspace: Workspace, recipe: Recipe, split: dict[str, Any]) -> RunFolder:
        """Make the folder of a new run, named after its recipe and the next free number.

        Args:
            workspace: where runs are.
            recipe: what to train.
            split: cohort, split name, fold and the fold's case ids.
        """
        import yaml

        workspace.runs.mkdir(parents=True, exist_ok=True)
        for number in range(1, 100_000):
            folder = workspace.runs / f"{recipe.name}-{number:04d}"
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            break
        run = cls(folder)
        write_json(folder / "split.json", split)
        run.write_status(Status(run.name))
        # last, because it is what makes the folder a run
        with replacing(folder / "recipe.yaml") as stream:
            stream.write(yaml.safe_dump(recipe.resolved(), sort_keys=False).encode())
        return run

    @property
    def recipe(self) -> Recipe:
        import yaml

        return parse_recipe(yaml.safe_load((self.folder / "recipe.yaml").read_text(encoding="utf-8")), self.name)

    @property
    def split(self) -> dict[str, Any]:
        found: dict[str, Any] = read_json(self.folder / "split.json")
        return found

    @property
    def status(self) -> Status:
        """The last status written; a run whose process is gone reads as failed."""
        status = Status(**read_json(self.folder / "status.json"))
        if status.state == "running" and not process_lives(status.pid, status.pid_started):
            status.state = "failed"
            status.message = "the process ended without a word (killed, or the machine restarted); resume to go on"
        elif status.state == "queued" and self._was_stillborn():
            status.state = "failed"
            status.message = f"the process ended before the training began: {self._last_words()}"
        return status

    @property
    def is_alive(self) -> bool:
        """Tell whether a process trains this run, or is on its way to."""
        status = self.status
        return status.state == "running" or (status.state == "queued" and (self.folder / "process.json").exists())

    def _was_stillborn(self) -> bool:
        path = self.folder / "process.json"
        try:
            process = read_json(path)
        except FileNotFoundError:  # not started yet
            return False
        return not process_lives(process["pid"], process["pid_started"])

    def _last_words(self) -> str:
        lines = self.output().strip().splitlines()
        return lines[-1].removeprefix("error: ") if lines else "it left no message"

    def write_status(self, status: Status) -> None:
        status.heartbeat = time.time()
        write_json(self.folder / "status.json", {name: getattr(status, name) for name in Status.__slots__})

    def expect_process(self) -> None:
        """Mark the run as about to start, and forget what was asked of the process before."""
        for name in ("process.json", "request.json"):
            (self.folder / name).unlink(missing_ok=True)
        status = self.status
        status.state, status.message, status.eta_s, status.slices_per_s = "queued", "", None, None
        self.write_status(status)

    def name_process(self, pid: int) -> None:
        """Write down the process that was started for this run, which has not said anything itself yet."""
        import psutil

        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            started = 0.0
        write_json(self.folder / "process.json", {"pid": pid, "pid_started": started})

    @contextlib.contextmanager
    def claimed(self) -> Iterator[bool]:
        """Hold the run for this process alone; yields whether it could be had. A killed process holds nothing."""
        import fcntl

        with (self.folder / "claim").open("a") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def request(self, action: Literal["stop", "pause"]) -> None:
        """Ask the run's process to checkpoint and end at the next step."""
        write_json(self.folder / "request.json", {"action": action})

    def take_request(self) -> str | None:
        """Return what was asked for, and forget it."""
        path = self.folder / "request.json"
        if not path.exists():
            return None
        action: str = read_json(path)["action"]
        path.unlink()
        return action

    @property
    def requested(self) -> str | None:
        """What the process was asked for and has not done yet."""
        with contextlib.suppress(FileNotFoundError):
            return str(read_json(self.folder / "request.json")["action"])
        return None

    def append_metrics(self, record: dict[str, Any]) -> None:
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")

    def metrics(self) -> Iterator[dict[str, Any]]:
        """Yield every whole line of the metrics file."""
        path = self.folder / "metrics.jsonl"
        if not path.exists():
            return
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:  # the last line, being written
                return

    def cut_metrics(self, step: int) -> None:
        """Forget what was measured after `step`: a resumed run measures it again."""
        kept = [record for record in self.metrics() if record["step"] <= step]
        text = "".join(json.dumps(record) + "\n" for record in kept)
        temporary = self.folder / ".metrics.jsonl.tmp"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self.folder / "metrics.jsonl")

    def log(self, line: str) -> None:
        with (self.folder / "log.txt").open("a", encoding="utf-8") as stream:
            stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")

    def output(self) -> str:
        """Return what a detached process wrote on its error stream."""
        path = self.folder / "output.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def checkpoint_folder(self, step: int) -> Path:
        return self.folder / f"step-{step}"

    def pointed(self, name: Literal["last", "best"]) -> Path | None:
        """Return the checkpoint folder that `last.json` or `best.json` names, or None."""
        path = self.folder / f"{name}.json"
        return self.folder / str(read_json(path)["folder"]) if path.exists() else None

    def point(self, name: Literal["last", "best"], step: int) -> None:
        write_json(self.folder / f"{name}.json", {"folder": f"step-{step}", "step": step})

    def prune(self, resume_files: Iterable[str]) -> None:
        """Delete checkpoints that are neither last nor best, and the resume state of those that are not last."""
        last, best = self.pointed("last"), self.pointed("best")
        for folder in self.folder.glob("step-*"):
            if folder not in (last, best):
                shutil.rmtree(folder)
            elif folder != last:
                for name in resume_files:
                    (folder / name).unlink(missing_ok=True)


def process_identity() -> tuple[int, float]:
    """Return this process's pid and start time, which together name it for good."""
    import psutil

    return os.getpid(), psutil.Process().create_time()


def process_lives(pid: int, started: float) -> bool:
    """Tell whether the process is there, is the same one, and is no zombie."""
    import psutil

    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - started) < 1
    except psutil.Error:
        return False
