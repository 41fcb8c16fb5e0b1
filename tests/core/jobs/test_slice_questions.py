"""Questions about a slice: answered at once by the worker that has the study in memory, else once it is loaded anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.checkpoints import write_ensemble
from core.data.volume_cache import VolumeCache
from core.jobs import segmentation_queue as queue
from core.jobs import slice_questions
from core.jobs.segmentations import SegmentationJob
from core.jobs.slice_questions import LOADING, answer_to, ask, waiting, what_it_waits_for
from core.jobs.study_again import CHANGED, GONE, OTHER_PLANES
from core.jobs.study_view import study_view
from core.jobs.worker import Worker
from core.workspace import Workspace
from tests import narrow
from tests.core.jobs.studies_to_segment import NAME, Workers, queued, with_checkpoint


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    yield with_checkpoint(workspace)
    kept.kill()


def segmented(
    place: Workspace, folder: Path, patient: int = 1, checkpoint: str = NAME
) -> tuple[SegmentationJob, Worker]:
    job, worker = queued(place, folder, patient, checkpoint=checkpoint), Worker(place, "cpu")
    taken = queue.claim(place, "cpu")
    assert taken is not None
    worker.do(taken)
    assert job.status.state == "done", job.status.message
    return job, worker


def asked(place: Workspace, job: SegmentationJob, worker: Worker, **stress: Any) -> dict[str, Any]:
    given = {"without": [], "noise": 0.0, "mirror": False} | stress
    name = ask(place, job, 8, **given)
    assert answer_to(job, name) is None
    worker._answer()
    found = answer_to(job, name)
    assert found is not None
    return found


def test_a_slice_as_it_is_has_the_mask_it_had(place: Workspace, tmp_path: Path) -> None:
    found = asked(place, *segmented(place, tmp_path))
    assert found["models"] == 1
    for region in found["regions"].values():
        assert region["before_cm2"] == region["after_cm2"]
        assert region["dice"] in (1.0, None)


def test_a_sequence_less_changes_what_is_drawn(place: Workspace, tmp_path: Path) -> None:
    found = asked(place, *segmented(place, tmp_path), without=["t1n", "t2f"])
    before, after = found["drawn"]
    assert before.startswith("<svg")
    assert before != after


def area_cm2(place: Workspace, job: SegmentationJob, region: int) -> float:
    """Return the area of a region on slice 8 of the mask that the viewer shows."""
    view = study_view(job)
    assert view is not None
    bits = VolumeCache(place.volumes).voxels(view["mask"])[:, :, 8]
    width, height, _ = view["spacing_mm"]
    return float(np.count_nonzero(bits >> region & 1)) * width * height / 100


@pytest.mark.slow
def test_an_ensemble_answers_with_the_mean_of_its_members(place: Workspace, tmp_path: Path) -> None:
    """What it says of the slice as it is, is what the segmentation said; one member alone says something else."""
    members = [narrow.checkpoint(place.made_checkpoint(f"member{seed}"), seed) for seed in (1, 2)]
    write_ensemble(place.made_checkpoint("both"), "both", members)
    job, worker = segmented(place, tmp_path, checkpoint="both")
    found = asked(place, job, worker, noise=0.5)
    assert found["models"] == 2
    areas = [region["before_cm2"] for region in found["regions"].values()]
    assert areas == pytest.approx([area_cm2(place, job, region) for region in range(3)])
    alone, other = segmented(place, tmp_path / "alone", checkpoint="member1")
    assert [region["before_cm2"] for region in asked(place, alone, other, noise=0.5)["regions"].values()] != areas


@pytest.mark.parametrize("checkpoint", [NAME, pytest.param("auto", marks=pytest.mark.slow)])
def test_a_study_that_was_let_go_is_loaded_anew_and_answered_the_same(
    place: Workspace, tmp_path: Path, checkpoint: str
) -> None:
    job, worker = segmented(place, tmp_path, checkpoint=checkpoint)
    held = asked(place, job, worker, mirror=True)
    for answer in (job.folder / "answers").iterdir():
        answer.unlink()
    _, other = segmented(place, tmp_path / "other", 2)
    assert asked(place, job, other, mirror=True) == held
    assert other._held is not None
    assert other._held.job_id == job.id, "the next question is answered at once"
    assert not (job.folder / LOADING).exists()


@pytest.mark.slow
def test_while_it_is_loaded_the_page_says_so(place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job, _ = segmented(place, tmp_path)
    worker, said = Worker(place, "cpu"), []
    ask(place, job, 8, [], 0.2, False)
    assert what_it_waits_for(place, job) == "Asking the model"
    anew = slice_questions._teller

    def watched(*given: Any) -> Any:
        tell = anew(*given)

        def told(what: str, done: int, total: int) -> bool | None:
            stop = tell(what, done, total)
            said.append(what_it_waits_for(place, job))
            return stop

        return told

    monkeypatch.setattr(slice_questions, "_teller", watched)
    worker._answer()
    start = "The model had let this study go and loads it anew: "
    assert said == [f"{start}read the files", f"{start}load the model"]


def test_without_a_worker_one_is_started(place: Workspace, tmp_path: Path) -> None:
    job, _ = segmented(place, tmp_path)
    (place.root / "workers" / "cpu.json").unlink()
    name = ask(place, job, 8, [], 0.2, False)
    assert queue.worker_lives(place, "cpu")
    assert answer_to(job, name) is None
    (place.root / "workers" / "cpu.json").unlink()
    assert what_it_waits_for(place, job) == "Starting the model", "and once more if that one was killed"
    assert queue.worker_lives(place, "cpu")


@pytest.mark.slow
def test_a_study_that_waits_goes_before_one_that_would_have_to_be_loaded(place: Workspace, tmp_path: Path) -> None:
    job, _ = segmented(place, tmp_path)
    worker = Worker(place, "cpu")
    name = ask(place, job, 8, [], 0.2, False)
    second = queued(place, tmp_path / "second", 2)
    worker._answer()
    assert answer_to(job, name) is None
    assert second.status.state == "queued"
    taken = queue.claim(place, "cpu")
    assert taken is not None
    assert what_it_waits_for(place, job) == "The model segments another study first"
    worker.do(taken)
    worker._answer()
    found = answer_to(job, name)
    assert found is not None
    assert found["models"] == 1


@pytest.mark.slow
def test_another_devices_worker_leaves_it_alone(place: Workspace, tmp_path: Path) -> None:
    job, _ = segmented(place, tmp_path)
    name = ask(place, job, 8, [], 0.2, False)
    assert waiting(place, "cpu")
    assert not waiting(place, "cuda:0")
    assert answer_to(job, name) is None


def test_a_model_that_reads_other_slices_says_why_it_does_not_answer(place: Workspace, tmp_path: Path) -> None:
    narrow.checkpoint(place.made_checkpoint("coronal"), inference=narrow.spec(plane="coronal"))
    assert asked(place, *segmented(place, tmp_path, checkpoint="coronal"), mirror=True) == {"refused": OTHER_PLANES}


def test_files_that_are_gone_are_said_to_be(place: Workspace, tmp_path: Path) -> None:
    job, _ = segmented(place, tmp_path)
    shutil.rmtree(job.folder / "input")
    assert asked(place, job, Worker(place, "cpu"), mirror=True) == {"refused": GONE}


@pytest.mark.slow
def test_a_model_that_was_replaced_does_not_answer_for_the_old_one(place: Workspace, tmp_path: Path) -> None:
    job, _ = segmented(place, tmp_path)
    shutil.rmtree(place.made_checkpoint(NAME))
    narrow.checkpoint(place.made_checkpoint(NAME), seed=5)
    assert asked(place, job, Worker(place, "cpu"), mirror=True) == {"refused": CHANGED}


def test_the_same_question_is_answered_once(place: Workspace, tmp_path: Path) -> None:
    job, worker = segmented(place, tmp_path)
    asked(place, job, worker, noise=0.5)
    ask(place, job, 8, [], 0.5, False)
    assert not waiting(place, "cpu")


@pytest.mark.slow
def test_a_study_that_is_deleted_meanwhile_does_no_harm(place: Workspace, tmp_path: Path) -> None:
    job, worker = segmented(place, tmp_path)
    ask(place, job, 8, [], 0.5, False)
    (job.folder / "status.json").unlink()
    shutil.rmtree(job.folder / "input")
    worker._held = None
    worker._answer()
    assert worker._held is None
