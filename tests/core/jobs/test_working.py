"""The frame around a job's work: its folder tells how it ended, and its process is the one that was started for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.jobs import working
from core.jobs.folder import JobFolder
from core.jobs.working import run_job, start_job, taken
from core.workspace import Workspace


def made(workspace: Workspace) -> JobFolder:
    return JobFolder.create(workspace, "segment", "Segmenting a", {"cases": ["a"]})


def test_work_that_ends_is_done_with_what_it_said_last(workspace: Workspace) -> None:
    job = made(workspace)
    with taken(job) as status:
        assert job.status.state == "running"
        status.done, status.total = 3, 3
    assert (job.status.state, job.status.done, job.status.message) == ("done", 3, "")


@pytest.mark.parametrize(
    ("error", "said"), [(ValueError("no such case"), "no such case"), (KeyboardInterrupt(), "KeyboardInterrupt")]
)
def test_work_that_raises_has_failed_with_its_sentence(workspace: Workspace, error: BaseException, said: str) -> None:
    job = made(workspace)
    with pytest.raises(type(error)), taken(job):
        raise error
    assert (job.status.state, job.status.message) == ("failed", said)


def test_the_process_of_a_job_gets_its_id_and_finds_what_was_asked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, list[str], Path]] = []
    monkeypatch.setattr(working, "start_process", lambda _root, *rest: started.append(rest))
    job_id = start_job(workspace, "score", "Scoring", {"pieces": []}, "core.jobs.score_masks")
    job = JobFolder(workspace.jobs / job_id)
    assert started == [("core.jobs.score_masks", [job_id], job.folder / "output.txt")]
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(sys, "argv", ["score_masks", job_id])
    monkeypatch.setattr(Workspace, "default", lambda: workspace)
    run_job(lambda _workspace, found: asked.append(found.request))
    assert asked == [{"pieces": []}]
