"""The frame of a job that has a process of its own: started, taken, and ended with a sentence whatever happens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from core.jobs.folder import JobFolder, JobStatus
from core.jobs.processes import start_process
from core.workspace import Workspace


def start_job(workspace: Workspace, kind: str, title: str, request: dict[str, Any], module: str) -> str:
    """Make a job's folder and start the process that does its work, in a session of its own.

    Args:
        workspace: where everything is.
        kind: what it does; the first word of its id.
        title: how a page calls it.
        request: what is asked of it, as JSON.
        module: what the process runs, with the job's id as its argument; `run_job` reads it.

    Returns:
        The job's id.
    """
    job = JobFolder.create(workspace, kind, title, request)
    start_process(workspace, module, [job.id], job.folder / "output.txt")
    return job.id


@contextmanager
def taken(job: JobFolder) -> Iterator[JobStatus]:
    """Take a job; however the block ends, its status says so in words that a page can show.

    The block tells how far it is by writing the status that it is given.

    Raises:
        BaseException: whatever the block raised, once the status says it.
    """
    status = job.take()
    try:
        yield status
        status.state = "done"
    except BaseException as error:
        status.state, status.message = "failed", str(error) or type(error).__name__
        raise
    finally:
        job.write(status)


def run_job(work: Callable[[Workspace, JobFolder], None]) -> None:
    """Do the work of the job that the command line names: what a process that `start_job` made does."""
    workspace = Workspace.default()
    work(workspace, JobFolder(workspace.jobs / sys.argv[1]))
