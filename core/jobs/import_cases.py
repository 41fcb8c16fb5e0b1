"""Check or import what somebody brought, in a bounded process that is watched by one of ours.

The watcher holds the job; its child (`core.jobs.import_work`) reads the files. However the child ends, the job says
so in a sentence, and what it had half done is taken away.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from core.atomic import read_json, write_json
from core.data import limits
from core.data.licence import stated_licence
from core.errors import RefusedError
from core.harmonise import Harmonising
from core.importing import ImportChoices
from core.importing.folder import remove_half_imported
from core.jobs.bounded import cause_of_death
from core.jobs.folder import JobFolder, JobStatus
from core.jobs.import_roots import allowed_folder
from core.jobs.upload_tree import CALLED, OnProgress, lay_out
from core.jobs.uploads import Upload, owner_of, uploads_folder
from core.jobs.working import run_job, start_job
from core.labels import scheme_named
from core.workspace import PROJECT, NotInWorkspaceError, Workspace, safe_name

KIND = "import"
LOOK_EVERY_S = 0.2
CANCELLED = "cancelled"

Mode = Literal["check", "import"]


class CohortNameError(RefusedError):
    """A name that a new cohort cannot have."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is to be checked or imported, and how.

    Attributes:
        mode: the gate alone, or everything.
        upload: the id of an upload, or "".
        folder: a folder of this machine, or "".
        owner: whose it is, as `owner_of` makes it from a browser's cookie.
        cohort: what an import is to be called.
        layout: how the folder is laid out; None recognises it.
        scheme: what the labels mean; None takes what the names imply.
        harmonise: `Harmonising` as a dict; None refuses cases that are not on one grid.
        licence: of the data; empty where none is stated.
        check: the job that checked the same before, which is forgotten once the import is done.
    """

    mode: Mode
    upload: str = ""
    folder: str = ""
    owner: str = ""
    cohort: str = ""
    layout: str | None = None
    scheme: str | None = None
    harmonise: dict[str, Any] | None = None
    licence: str = ""
    check: str = ""

    def source(self, workspace: Workspace, on_unpacking: OnProgress = lambda _done, _total: None) -> Path:
        """Return the folder to read; an upload's files get their names and its archives are unpacked.

        Raises:
            RefusedError: it may not be read, or is not complete.
        """
        if self.upload:
            return lay_out(Upload(uploads_folder(workspace) / safe_name(self.upload)), on_unpacking)
        return allowed_folder(workspace, Path(self.folder))

    @property
    def choices(self) -> ImportChoices:
        """The same, as `import_folder` takes it; an upload goes away, so its voxels are kept."""
        # by name only: what comes from a page opens no file
        scheme = scheme_named(self.scheme) if self.scheme else None
        harmonise = Harmonising.from_json(self.harmonise) if self.harmonise else None
        copied, licence = bool(self.upload), stated_licence(self.licence)
        called = CALLED if self.upload else ""
        return ImportChoices(self.layout, scheme, copy=copied, harmonise=harmonise, called=called, licence=licence)


def start_import(workspace: Workspace, request: ImportRequest) -> str:
    """Start a process that checks or imports.

    Returns:
        The job's id.

    Raises:
        CohortNameError: the name cannot be used, or is taken.
        FolderNotAllowedError: the folder may not be imported.
        LicenceRefusedError: what is stated cannot be printed.
    """
    forget_old_jobs(workspace)
    stated_licence(request.licence)
    if request.folder:
        allowed_folder(workspace, Path(request.folder))
    what = "an upload" if request.upload else "a folder"
    title = f"Checking {what}"
    if request.mode == "import":
        require_new_name(workspace, request.cohort)
        title = f"Importing {request.cohort}"
    return start_job(workspace, KIND, title, asdict(request), "core.jobs.import_cases")


def find_import(workspace: Workspace, job_id: str, browser: str) -> JobFolder:
    """Return a job of this browser that checks or imports.

    Raises:
        NotInWorkspaceError: there is none of that id, or it is another browser's.
    """
    job = JobFolder(workspace.jobs / safe_name(job_id))
    known = job_id.startswith(f"{KIND}-") and (job.folder / "status.json").exists()
    if not known or job.request["owner"] != owner_of(browser):
        raise NotInWorkspaceError("this import is not here any more; start it again")
    return job


def request_of(job: JobFolder) -> ImportRequest:
    """Return what a job was asked."""
    return ImportRequest(**job.request)


def report_of(job: JobFolder) -> dict[str, Any]:
    """Return what a job that is done has found."""
    found: dict[str, Any] = read_json(job.folder / "report.json")
    return found


def require_new_name(workspace: Workspace, name: str) -> None:
    """Refuse a cohort's name that cannot be used.

    Raises:
        CohortNameError: it is no plain name, or is taken.
    """
    try:
        safe_name(name)
    except NotInWorkspaceError as error:
        raise CohortNameError(str(error)) from None
    taken = name in workspace.cohort_names() or name in _names_in_the_making(workspace)
    if taken:
        raise CohortNameError(f"there is a cohort called {name} already; choose another name")


def cancel_import(job: JobFolder) -> None:
    """Ask a job to end; it takes away what it has made."""
    (job.folder / "cancel").touch()


def forget_import(workspace: Workspace, job: JobFolder) -> None:
    """Delete a job's folder, its pictures, and the upload it was about."""
    request = request_of(job)
    if request.upload:
        Upload(uploads_folder(workspace) / safe_name(request.upload)).remove()
    shutil.rmtree(job.folder, ignore_errors=True)


def forget_old_jobs(workspace: Workspace) -> None:
    """Delete checks that ended as long ago as an upload is kept: their pictures show somebody's scans."""
    for path in workspace.jobs.glob(f"{KIND}-*/status.json"):
        with suppress(FileNotFoundError):
            job = JobFolder(path.parent)
            ended = job.status.state in ("done", "failed")
            if ended and time.time() - path.stat().st_mtime > limits.UPLOAD_KEPT_S:
                shutil.rmtree(job.folder, ignore_errors=True)


def running_status(job: JobFolder) -> JobStatus:
    """Return a job's status as its own child writes it on."""
    return JobStatus(**read_json(job.folder / "status.json"))


def child_command(job: JobFolder) -> list[str]:
    """Return what does a job's work."""
    return [sys.executable, "-m", "core.jobs.import_work", job.id]


def watch(workspace: Workspace, job: JobFolder) -> None:
    """Run the child that does a job's work, until it has ended or is to be cancelled; then say how it went."""
    job.take()
    request = request_of(job)
    was_there = request.cohort in workspace.cohort_names()
    child = subprocess.Popen(child_command(job), stdin=subprocess.DEVNULL, cwd=PROJECT, process_group=0)
    cancelled = _ends_by_request(child, job)
    status = job.status
    if child.returncode == 0:
        status.state = "done"
        _import_is_done(workspace, job, request)
    else:
        status.state = "failed"
        status.message = CANCELLED if cancelled else status.message or cause_of_death(child.returncode)
        if request.mode == "import" and not was_there:
            remove_half_imported(workspace, request.cohort)
    job.write(status)


def _import_is_done(workspace: Workspace, job: JobFolder, request: ImportRequest) -> None:
    """Take away what is not needed any more: the upload, the check, and the folder's path, which may hold a name."""
    if request.mode == "import" and request.folder:
        path = job.folder / "request.json"
        asked_at = path.stat().st_mtime  # what the page counts the time from
        write_json(path, asdict(replace(request, folder="")))
        os.utime(path, (asked_at, asked_at))
    if request.mode == "import" and request.upload:
        Upload(uploads_folder(workspace) / safe_name(request.upload)).remove()
    if request.mode == "import" and request.check:
        shutil.rmtree(workspace.jobs / safe_name(request.check), ignore_errors=True)


def _ends_by_request(child: subprocess.Popen[bytes], job: JobFolder) -> bool:
    """Wait for the child; return whether it was ended because somebody cancelled."""
    while child.poll() is None:
        if (job.folder / "cancel").exists():
            break
        time.sleep(LOOK_EVERY_S)
    cancelled = child.poll() is None
    # also the workers that a killed child leaves behind
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    return cancelled


def _names_in_the_making(workspace: Workspace) -> set[str]:
    names = set()
    for path in workspace.jobs.glob(f"{KIND}-*/request.json"):
        job = JobFolder(path.parent)
        with suppress(FileNotFoundError):
            if job.status.state in ("queued", "running"):
                names.add(request_of(job).cohort)
    return names


if __name__ == "__main__":
    run_job(watch)
