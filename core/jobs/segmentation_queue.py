"""The queue of studies: one worker per device takes them in order, and whoever looks sees to it that there is one.

What the jobs' own folders say is the queue. Taking, ending and deleting happen under one file lock, which is let go
when its holder dies. A study whose worker died is taken up by the next; one that outlived three of them has failed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator

from core.atomic import read_json, write_json
from core.data import limits
from core.data.volume_cache import VolumeCache
from core.errors import RefusedError
from core.jobs.folder import JobStatus, State
from core.jobs.processes import start_process
from core.jobs.segmentations import (
    ENDED,
    KIND,
    SegmentationJob,
    SegmentationRequest,
    keep_segmentation,
)
from core.jobs.standstill import count_start, is_unwritable, may_start, starts_so_far, took_a_study, worker_file
from core.jobs.study_view import volumes_of
from core.jobs.uploads import Upload, sweep_uploads
from core.training.runs.liveness import birth, process_identity, process_lives
from core.workspace import Workspace

TRIES = 3
GIVEN_UP = (
    f"the process that segmented it ended {TRIES} times without a word, most likely because the machine ran out of "
    "memory; bring a smaller study, or free some memory and bring it again"
)
VARIABLE = "SEGSCOPE_KEEP_HOURS"
LONGEST_KEPT_H = 24 * 366.0


def submit(workspace: Workspace, upload: Upload, request: SegmentationRequest) -> SegmentationJob:
    """Put a study into its device's queue, and start a worker if none is there.

    Args:
        workspace: where to.
        upload: whose bytes have all arrived; it becomes a part of the job.
        request: what is to be done with it.

    Raises:
        QueueFullError: too many wait already.
        RefusedError: what was asked cannot be done.
    """
    workspace.root.mkdir(parents=True, exist_ok=True)
    with locked(workspace):
        job = keep_segmentation(workspace, upload, request)
    tend(workspace)
    return job


def tend(workspace: Workspace) -> list[str]:
    """Move the queue on: settle what ended badly, delete what is past its time, start the workers that are missing.

    Called again and again by the server, and by whoever puts something in; when there is nothing it only looks.

    Returns:
        The devices for which a worker was started.
    """
    sweep_uploads(workspace)
    _delete_removed(workspace)
    if not any(workspace.jobs.glob(f"{KIND}-*")):
        return []
    with locked(workspace):
        waiting = _settled(workspace)
        wanted = dict.fromkeys(job.asked.device for job in waiting)
        missing = [device for device in wanted if not worker_lives(workspace, device)]
        may = [device for device in missing if may_start(worker_file(workspace, device))]
        started = [device for device in may if _start_worker(workspace, device)]
    _delete_removed(workspace)
    return started


def claim(workspace: Workspace, device: str) -> SegmentationJob | None:
    """Take the study that has waited longest on a device: it runs in this process from now on."""
    with locked(workspace):
        for job in _settled(workspace):
            if job.asked.device == device:
                status = job.status
                status.tries += 1
                status.state, status.began = "running", time.time()
                status.pid, status.pid_started = process_identity()
                status.done = status.total = status.slices_done = status.slices_total = 0
                status.label = status.message = ""
                job.write(status)
                took_a_study(worker_file(workspace, device))
                return job
    return None


def upcoming(workspace: Workspace, device: str) -> SegmentationJob | None:
    """Return the study that has waited longest on a device, without taking it."""
    with locked(workspace):
        return next((job for job in _settled(workspace) if job.asked.device == device), None)


def finish(workspace: Workspace, job: SegmentationJob, state: State, message: str = "") -> None:
    """Say how a study that this process has taken ended; the files of one without a result are deleted."""
    with locked(workspace):
        status = job.status
        status.state, status.label, status.message = state, "", message
        if state == "done":
            status.done = status.total = max(1, status.total)
        else:
            drop_files(job)
        job.write(status)
        _settled(workspace)


def cancel(workspace: Workspace, job: SegmentationJob) -> None:
    """Ask a study to end; its files are deleted, and that it was cancelled stays known.

    Raises:
        RefusedError: it has ended already.
    """
    with locked(workspace):
        if (state := job.status.state) in ENDED:
            raise RefusedError(f"this study is {state}; there is nothing to cancel")
        (job.folder / "cancel").touch()
        _settled(workspace)


def remove(workspace: Workspace, job: SegmentationJob) -> None:
    """Delete a study with its files and results, ending it first; nobody finds it any more from now on."""
    with locked(workspace):
        if job.folder.is_dir():
            (job.folder / "cancel").touch()
            (job.folder / "remove").touch()
        _settled(workspace)
    _delete_removed(workspace)


def kept_s() -> float:
    """Return how many seconds a finished study is kept.

    Raises:
        RefusedError: $SEGSCOPE_KEEP_HOURS is no such number.
    """
    said = os.environ.get(VARIABLE, "")
    if not said:
        return limits.STUDY_KEPT_S
    try:
        hours = float(said)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= LONGEST_KEPT_H:
        raise RefusedError(
            f"${VARIABLE} is {said!r}; expected hours above 0 and at most {LONGEST_KEPT_H:.0f}; left out, it is 24"
        )
    return hours * 3600


def register_worker(workspace: Workspace, device: str) -> bool:
    """Say that this process is a device's worker; False if another one lives."""
    with locked(workspace):
        path = worker_file(workspace, device)
        if worker_lives(workspace, device) and read_json(path)["pid"] != os.getpid():
            return False
        pid, born = process_identity()
        write_json(path, {"pid": pid, "born": born} | starts_so_far(path))
    return True


def leave(workspace: Workspace, device: str) -> bool:
    """Say that a device's worker ends, unless a study waits for it: one that comes later starts another worker."""
    with locked(workspace):
        if any(job.asked.device == device for job in _settled(workspace)):
            return False
        worker_file(workspace, device).unlink(missing_ok=True)
    return True


def wake(workspace: Workspace, device: str) -> bool:
    """Start a device's worker where it has none, as `tend` does when a study waits.

    Returns:
        Whether one was started.
    """
    if worker_lives(workspace, device) or not may_start(worker_file(workspace, device)):
        return False
    with locked(workspace):
        if worker_lives(workspace, device):
            return False
        return _start_worker(workspace, device)


def worker_lives(workspace: Workspace, device: str) -> bool:
    """Tell whether a device has a worker."""
    try:
        said = read_json(worker_file(workspace, device))
    except FileNotFoundError:
        return False
    return process_lives(said["pid"], said["born"])


@contextlib.contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Hold the queue of studies: nobody takes, ends or deletes one meanwhile."""
    import fcntl

    with (workspace.root / "segmentations.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def drop_files(job: SegmentationJob) -> None:
    """Delete a study's files and whatever its tries have made, but not what is known of how it went."""
    _forget_volumes(job)
    for path in job.folder.iterdir():
        if path.name in ("request.json", "status.json", "cancel", "remove", "output.txt"):
            continue
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _settled(workspace: Workspace) -> list[SegmentationJob]:
    """Bring every study to what follows from its folder; return those that wait, in order. The queue is held."""
    waiting = []
    for path in workspace.jobs.glob(f"{KIND}-*"):
        job = SegmentationJob(path)
        try:
            status = job.status
        except FileNotFoundError:
            continue
        if status.state == "running":
            continue
        if job.is_to_go or (status.state in ENDED and time.time() - status.heartbeat > kept_s()):
            _put_away(workspace, job)
        elif status.state == "queued" and _can_begin(job, status):
            waiting.append((status.queued_at, job.id, job))
    return [job for *_, job in sorted(waiting, key=lambda entry: entry[:2])]


def _can_begin(job: SegmentationJob, status: JobStatus) -> bool:
    """Tell whether a study that waits still does; one that was cancelled or has failed too often ends."""
    if job.is_to_end:
        status.state, status.message = "cancelled", ""
    elif status.tries >= TRIES:
        status.state, status.message = "failed", GIVEN_UP
    else:
        return True
    status.label = ""
    drop_files(job)
    job.write(status)
    return False


def _put_away(workspace: Workspace, job: SegmentationJob) -> None:
    """Take a job's folder out of sight in one step; a kill leaves it to the next who looks."""
    _forget_volumes(job)
    place = workspace.root / "removed"
    place.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        job.folder.rename(place / job.id)


def _forget_volumes(job: SegmentationJob) -> None:
    """Delete what the viewer was given of a study, but what another study's view shows too."""
    others = (SegmentationJob(path) for path in job.workspace.jobs.glob(f"{KIND}-*") if path != job.folder)
    gone = volumes_of(job)
    for other in others if gone else ():
        gone -= volumes_of(other)
    cache = VolumeCache(job.workspace.volumes)
    for address in gone:
        cache.forget(address)


def _delete_removed(workspace: Workspace) -> None:
    for folder in (workspace.root / "removed").glob("*"):
        shutil.rmtree(folder, ignore_errors=True)
    # what a process that was killed between two renames has left
    for draft in workspace.jobs.glob(f".{KIND}-*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > limits.UPLOAD_KEPT_S:
                shutil.rmtree(draft, ignore_errors=True)


def _start_worker(workspace: Workspace, device: str) -> bool:
    """Start a device's worker; False where nothing can be written, which `why_it_stands_still` says."""
    path = worker_file(workspace, device)
    try:
        counted = count_start(path)
    except OSError as error:
        if not is_unwritable(error):
            raise
        return False
    pid = start_process(workspace, "core.jobs.worker", ["--device", device], path.with_suffix(".txt"))
    write_json(path, {"pid": pid, "born": birth(pid)} | counted)
    return True
