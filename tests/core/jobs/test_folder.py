"""A short job on disk: how far it is, and what its death looks like."""

from __future__ import annotations

import subprocess
import sys
import time

from core.atomic import read_json, write_json
from core.jobs.folder import KEPT_S, STARTING_S, JobFolder, recent_jobs
from core.workspace import Workspace


def age(job: JobFolder, seconds: float) -> None:
    """Make a job's last word older."""
    status = read_json(job.folder / "status.json")
    write_json(job.folder / "status.json", status | {"heartbeat": time.time() - seconds})


def test_a_job_keeps_what_was_asked_and_says_how_far_it_is(workspace: Workspace) -> None:
    job = JobFolder.create(workspace, "segment", "Segmenting a", {"cases": ["a"]})
    assert job.id.startswith("segment-")
    assert job.request == {"cases": ["a"]}
    assert job.status.state == "queued"
    status = job.take()
    status.done, status.total, status.label = 3, 12, "a"
    job.write(status)
    seen = JobFolder(job.folder).status
    assert (seen.state, seen.done, seen.total, seen.label) == ("running", 3, 12, "a")


def test_a_job_whose_process_is_gone_reads_as_failed(workspace: Workspace) -> None:
    job = JobFolder.create(workspace, "segment", "x", {})
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    status = job.take()
    status.pid, status.pid_started = ended.pid, 0.0
    job.write(status)
    assert (job.status.state, job.status.message) == ("failed", "its process ended without a word; start it again")


def test_a_job_that_nobody_took_within_a_minute_reads_as_failed(workspace: Workspace) -> None:
    job = JobFolder.create(workspace, "segment", "x", {})
    age(job, STARTING_S - 5)
    assert job.status.state == "queued"
    age(job, STARTING_S + 5)
    assert job.status.state == "failed"


def test_jobs_that_run_or_ended_within_the_hour_are_recent_newest_first(workspace: Workspace) -> None:
    jobs = [JobFolder.create(workspace, "segment", title, {}) for title in ("old", "done", "running")]
    for job, state in zip(jobs, ("done", "done", "running"), strict=True):
        status = job.take()
        status.state = state  # type: ignore[assignment]
        job.write(status)
    age(jobs[0], KEPT_S + 5)
    age(jobs[2], 100)
    assert [status.title for _, status in recent_jobs(workspace)] == ["done", "running"]
