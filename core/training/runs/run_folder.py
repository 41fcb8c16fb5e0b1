"""A run on disk: recipe, split, status, metrics and checkpoints. What is here is the truth about a run."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from core.atomic import read_json, replacing, write_json
from core.errors import RefusedError
from core.recipe import Recipe, parse_recipe
from core.training.runs import disk, pointers
from core.training.runs.liveness import birth, process_identity, process_lives
from core.training.runs.pointers import Pointer
from core.training.runs.resume import RESUME_FACTS
from core.training.runs.status import ACTIVE, HEARTBEAT_S, SCHEMA_VERSION, State, Status, newer_sentence
from core.workspace import Workspace

__all__ = ["ACTIVE", "HEARTBEAT_S", "RunFolder", "State", "Status", "process_identity", "process_lives"]

KILLED = "the process ended without a word (killed, or the machine restarted); resume to go on"
FULL = "the disk was full; the last checkpoint is kept: make room and resume"
LEFTOVERS = (".step-*", ".last.json.*", ".best.json.*", ".metrics.jsonl.*", ".status.json.*", "snapshots/.*")


class NewerRunError(RefusedError):
    """A run was written by a newer version of this program."""


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
        try:
            write_json(folder / "split.json", split)
            run.write_status(Status(run.name, "stopped", message="not started yet"))
            # last, because it is what makes the folder a run
            with replacing(folder / "recipe.yaml") as stream:
                stream.write(yaml.safe_dump(recipe.resolved(), sort_keys=False).encode())
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return run

    @property
    def recipe(self) -> Recipe:
        """What is trained.

        Raises:
            NewerRunError, RecipeError: this program cannot read it.
        """
        import yaml

        document = yaml.safe_load((self.folder / "recipe.yaml").read_text(encoding="utf-8"))
        self._require_schema("recipe", document)
        return parse_recipe(document, self.name)

    @property
    def split(self) -> dict[str, Any]:
        found: dict[str, Any] = read_json(self.folder / "split.json")
        return found

    @property
    def status(self) -> Status:
        """The last status written, put right where its process is gone or could not write what became of the run."""
        status = Status.from_json(self.name, read_json(self.folder / "status.json"))
        if status.state in ACTIVE and disk.was_full(self.folder):
            status.state, status.message = "paused", FULL
        elif status.state == "running" and not process_lives(status.pid, status.pid_started):
            status.state, status.message = "failed", KILLED
        elif status.state == "queued" and self._was_stillborn():
            status.state = "failed"
            status.message = f"the process ended before the training began: {self._last_words()}"
        return status

    def require_readable(self) -> None:
        """Refuse a run that a newer program wrote.

        Raises:
            NewerRunError: with what to do.
        """
        self._require_schema("status", read_json(self.folder / "status.json"))
        if last := self.pointed("last"):
            with contextlib.suppress(FileNotFoundError):
                self._require_schema("resume state", read_json(last / RESUME_FACTS))

    def _require_schema(self, what: str, document: dict[str, Any]) -> None:
        version = document.get("schema_version", SCHEMA_VERSION)
        if version != SCHEMA_VERSION:
            raise NewerRunError(newer_sentence(self.name, what, version))

    @property
    def is_alive(self) -> bool:
        """Tell whether a process trains this run, or is on its way to."""
        status = self.status
        return status.state == "running" or (status.state == "queued" and self.has_process)

    @property
    def is_waiting(self) -> bool:
        """Tell whether the run is in the queue and no process has been started for it."""
        status = self.status
        return status.state == "queued" and status.queued_at > 0 and not self.has_process

    @property
    def has_process(self) -> bool:
        """Whether a process was started for the run since it was last put into the queue."""
        return (self.folder / "process.json").exists()

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
        write_json(self.folder / "status.json", status.to_json())

    def expect_process(self, device: str, queued_at: float) -> None:
        """Mark the run as waiting for a device, and forget what was asked of the process before."""
        status = self.status
        for name in ("process.json", "request.json"):
            (self.folder / name).unlink(missing_ok=True)
        status.state, status.message, status.eta_s, status.slices_per_s = "queued", "", None, None
        status.device, status.queued_at = device, queued_at
        self.write_status(status)
        disk.forget_full(self.folder)

    def name_process(self, pid: int) -> None:
        """Write down the process that was started for this run, which has not said anything itself yet."""
        write_json(self.folder / "process.json", {"pid": pid, "pid_started": birth(pid)})

    def take_over(self) -> Status:
        """Mark the run as running in this process, which holds its claim, and clear up after the one before.

        Returns:
            The status, to be kept up to date.

        Raises:
            NewerRunError: a newer program wrote the run.
            OSError: nothing can be written.
        """
        self.require_readable()
        status = self.status
        if status.pid and status.state != "queued":  # what the process before was asked for is no wish of this one's
            self.take_request()
        disk.keep_reserve(self.folder)
        status.state, status.message = "running", ""
        status.pid, status.pid_started = process_identity()
        status.earlier_s, status.elapsed_s, status.started_at = status.earlier_s + status.elapsed_s, 0.0, time.time()
        self.write_status(status)
        self._clear_up()
        return status

    @contextlib.contextmanager
    def claimed(self, patience_s: float = 0.0) -> Iterator[bool]:
        """Hold the run for this process alone; yields whether it could be had. A killed process holds nothing.

        Args:
            patience_s: how long to wait for a process that is about to end.
        """
        import fcntl

        ends = time.monotonic() + patience_s
        with (self.folder / "claim").open("a") as stream:
            while True:
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() >= ends:
                        yield False
                        return
                    time.sleep(0.05)
                else:
                    yield True
                    return

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
            with contextlib.suppress(json.JSONDecodeError):  # being written, or torn by a kill
                yield json.loads(line)

    def cut_metrics(self, step: int) -> None:
        """Forget what was measured after `step`: a resumed run measures it again."""
        kept = [record for record in self.metrics() if record["step"] <= step]
        with replacing(self.folder / "metrics.jsonl") as stream:
            stream.write("".join(json.dumps(record) + "\n" for record in kept).encode())

    def drop_torn_line(self) -> None:
        """Take away what a write that failed left of a line, so that another can follow."""
        with (self.folder / "metrics.jsonl").open("r+b") as stream:
            stream.truncate(stream.read().rfind(b"\n") + 1)

    def log(self, line: str) -> None:
        with (self.folder / "log.txt").open("a", encoding="utf-8") as stream:
            stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")

    def output(self) -> str:
        """Return what a detached process wrote on its error stream."""
        path = self.folder / "output.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def checkpoint_folder(self, step: int) -> Path:
        return self.folder / f"step-{step}"

    def pointed(self, name: Pointer) -> Path | None:
        """Return the checkpoint folder that is called `last` or `best`, or None."""
        return pointers.pointed(self.folder, name)

    def point(self, name: Pointer, step: int) -> None:
        """Call the checkpoint of `step` the last or the best."""
        pointers.point(self.folder, name, step)

    def prune(self, resume_files: Iterable[str]) -> None:
        """Delete checkpoints that are neither last nor best, and the resume state of those that are not last."""
        pointers.prune(self.folder, resume_files)

    def _clear_up(self) -> None:
        for pattern in LEFTOVERS:
            for path in self.folder.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        pointers.rewind(self.folder)
