"""A short job on disk: what was asked, how far it is, and how it ended. The folder is the truth about it."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from core.atomic import read_json, write_json
from core.training.runs.liveness import Birth, process_identity, process_lives
from core.workspace import Workspace

State = Literal["queued", "running", "done", "failed", "cancelled"]
KEPT_S = 3600.0  # a finished job is shown this long
STARTING_S = 60.0  # a process that has not said anything by then never started


@dataclass(slots=True)
class JobStatus:
    """How far a job is.

    Attributes:
        kind: what it does, such as `segment` or `demo`.
        title: how a page calls it.
        state: where it is in its life.
        done: pieces of work that are finished.
        total: pieces of work in all.
        label: the piece in hand.
        message: why it failed.
        pid: the process.
        pid_started: its birth, which with the pid names it for good.
        heartbeat: seconds since the epoch when this was written.
        waits: it stands in a queue: it may wait for long, and whoever looks gives it to another process when its own
            is gone.
        queued_at: seconds since the epoch when it was put into that queue.
        began: seconds since the epoch when its last try began; 0 before.
        tries: how often a process has begun with it.
        left_s: seconds that the rest will take, as it seemed at the heartbeat; None: as long as its pieces did so far.
        slices_done: slices that a network has segmented, of the case in hand; those of every network count.
        slices_total: of how many.
    """

    kind: str
    title: str
    state: State = "queued"
    done: int = 0
    total: int = 0
    label: str = ""
    message: str = ""
    pid: int = 0
    pid_started: Birth = 0.0
    heartbeat: float = 0.0
    waits: bool = False
    queued_at: float = 0.0
    began: float = 0.0
    tries: int = 0
    left_s: float | None = None
    slices_done: int = 0
    slices_total: int = 0


class JobFolder:
    """Reads and writes one job's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name

    @classmethod
    def create(cls, workspace: Workspace, kind: str, title: str, request: dict[str, Any]) -> JobFolder:
        """Make a job's folder; nothing is started yet."""
        job = cls(workspace.jobs / f"{kind}-{int(time.time())}-{secrets.token_hex(3)}")
        write_json(job.folder / "request.json", request)
        job.write(JobStatus(kind, title))
        return job

    @property
    def request(self) -> dict[str, Any]:
        found: dict[str, Any] = read_json(self.folder / "request.json")
        return found

    @property
    def status(self) -> JobStatus:
        """The last status written; a job whose process is gone reads as failed, or as queued where it stands in one."""
        status = JobStatus(**read_json(self.folder / "status.json"))
        gone = status.state == "running" and not process_lives(status.pid, status.pid_started)
        if status.waits:
            status.state = "queued" if gone else status.state
            return status
        unborn = status.state == "queued" and time.time() - status.heartbeat > STARTING_S
        if gone or unborn:
            status.state, status.message = "failed", "its process ended without a word; start it again"
        return status

    def write(self, status: JobStatus) -> None:
        """Replace the status file."""
        status.heartbeat = time.time()
        write_json(self.folder / "status.json", asdict(status))

    def take(self) -> JobStatus:
        """Return the status, marked as running in this process."""
        status = JobStatus(**read_json(self.folder / "status.json"))
        status.state = "running"
        status.pid, status.pid_started = process_identity()
        self.write(status)
        return status


def recent_jobs(workspace: Workspace) -> list[tuple[str, JobStatus]]:
    """Return the jobs that run, and those that ended within the hour, newest first."""
    found = []
    for path in workspace.jobs.glob("[!.]*/status.json"):
        try:
            status = JobFolder(path.parent).status
        except FileNotFoundError:  # deleted while it was read
            continue
        if status.state in ("queued", "running") or time.time() - status.heartbeat < KEPT_S:
            found.append((path.parent.name, status))
    return sorted(found, key=lambda job: -job[1].heartbeat)
