"""Segmenting cases of the workspace as a job, its work done in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.checkpoints import read_checkpoint
from core.evaluation.saved import saved_scores
from core.jobs.folder import JobFolder
from core.jobs.segment_cases import work
from core.workspace import Cohort, NotInWorkspaceError, Workspace
from tests import narrow
from tests.cases import case_id


def job(workspace: Workspace, models: list[str]) -> JobFolder:
    request = {"cohort": "small", "cases": [case_id(1), case_id(2)], "models": models}
    return JobFolder.create(workspace, "segment", "Segmenting", request)


def test_every_case_is_segmented_and_scored_with_every_model(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    """Two cases of 12 head slices with two models are 48 pieces of work."""
    models = [str(narrow.checkpoint(tmp_path / name, seed=seed).folder) for seed, name in enumerate("ab")]
    asked = job(workspace, models)
    work(workspace, asked)
    status = asked.status
    assert (status.state, status.done, status.total, status.label) == ("done", 48, 48, case_id(2))
    for model in models:
        for case in (case_id(1), case_id(2)):
            assert saved_scores(workspace, small, case, read_checkpoint(Path(model))) is not None


def test_a_job_that_cannot_be_done_says_why(workspace: Workspace, small: Cohort) -> None:
    asked = job(workspace, ["nobody"])
    with pytest.raises(NotInWorkspaceError):
        work(workspace, asked)
    assert asked.status.state == "failed"
    assert asked.status.message.startswith("no checkpoint at 'nobody'; give a folder, or one of: ")
