"""Questions about a slice: answered by the worker that has the study in memory, refused in a sentence otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.jobs import segmentation_queue as queue
from core.jobs.segmentations import SegmentationJob
from core.jobs.slice_questions import LET_GO, answer_to, answer_waiting, ask
from core.jobs.worker import Worker
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import Workers, queued, with_checkpoint


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    yield with_checkpoint(workspace)
    kept.kill()


def segmented(place: Workspace, folder: Path, patient: int = 1) -> tuple[SegmentationJob, Worker]:
    job, worker = queued(place, folder, patient), Worker(place, "cpu")
    taken = queue.claim(place, "cpu")
    assert taken is not None
    worker.do(taken)
    assert job.status.state == "done", job.status.message
    return job, worker


def asked(place: Workspace, job: SegmentationJob, worker: Worker, **stress: Any) -> dict[str, Any]:
    given = {"without": [], "noise": 0.0, "mirror": False} | stress
    name = ask(place, job, 8, **given)
    assert answer_to(job, name) is None
    assert answer_waiting(place, worker._held)
    found = answer_to(job, name)
    assert found is not None
    return found


def test_a_slice_as_it_is_has_the_mask_it_had(place: Workspace, tmp_path: Path) -> None:
    found = asked(place, *segmented(place, tmp_path))
    for region in found["regions"].values():
        assert region["before_cm2"] == region["after_cm2"]
        assert region["dice"] in (1.0, None)


def test_a_sequence_less_changes_what_is_drawn(place: Workspace, tmp_path: Path) -> None:
    found = asked(place, *segmented(place, tmp_path), without=["t1n", "t2f"])
    before, after = found["drawn"]
    assert before.startswith("<svg")
    assert before != after


def test_a_worker_that_holds_another_study_says_so(place: Workspace, tmp_path: Path) -> None:
    first, _ = segmented(place, tmp_path)
    _, worker = segmented(place, tmp_path, 2)
    assert asked(place, first, worker, mirror=True) == {"refused": LET_GO}


def test_without_a_worker_the_question_is_refused_at_once(place: Workspace, tmp_path: Path) -> None:
    job, _ = segmented(place, tmp_path)
    (place.root / "workers" / "cpu.json").unlink()
    name = ask(place, job, 8, [], 0.2, False)
    assert answer_to(job, name) == {"refused": LET_GO}


def test_the_same_question_is_answered_once(place: Workspace, tmp_path: Path) -> None:
    job, worker = segmented(place, tmp_path)
    asked(place, job, worker, noise=0.5)
    ask(place, job, 8, [], 0.5, False)
    assert not answer_waiting(place, worker._held)
