"""Studies in the queue: in order, taken up again when a worker dies, cancelled, deleted, and not kept for ever."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.atomic import read_json, write_json
from core.data import limits
from core.errors import RefusedError, UsageError
from core.inference.options import EXPECTED, InferenceOptions
from core.jobs import segmentation_queue as queue
from core.jobs.segmentation_choices import options_from_json
from core.jobs.segmentations import (
    NotDoneError,
    QueueFullError,
    SegmentationJob,
    SegmentationRequest,
    eta_s,
    find_segmentation,
    segmentations,
    share_done,
)
from core.jobs.uploads import uploads_folder
from core.workspace import NotInWorkspaceError, Workspace
from tests.core.jobs.studies_to_segment import NAME, Workers, brought, queued, study_files, with_checkpoint


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    yield kept
    kept.kill()


@pytest.fixture
def place(workspace: Workspace, workers: Workers) -> Workspace:
    return with_checkpoint(workspace)


def dies(job: SegmentationJob) -> None:
    """Make a study look as its worker leaves it that was killed: nobody has that pid and birth."""
    status = read_json(job.folder / "status.json")
    write_json(job.folder / "status.json", status | {"pid": os.getpid(), "pid_started": "1@another-boot"})


def ended(job: SegmentationJob, ago_s: float) -> None:
    """Make a study have ended so long ago."""
    status = read_json(job.folder / "status.json")
    said = status | {"state": "done", "heartbeat": time.time() - ago_s}
    write_json(job.folder / "status.json", said)


def test_studies_are_taken_in_the_order_in_which_they_came(place: Workspace, tmp_path: Path) -> None:
    jobs = [queued(place, tmp_path, patient) for patient in (1, 2, 3)]
    taken = [queue.claim(place, "cpu") for _ in jobs]
    assert [job.id for job in taken if job] == [job.id for job in jobs]
    assert queue.claim(place, "cpu") is None
    assert [job.status.state for job in jobs] == ["running"] * 3


def test_a_worker_takes_what_waits_for_its_device_alone(place: Workspace, tmp_path: Path, workers: Workers) -> None:
    queued(place, tmp_path, device="cuda:1")
    job = queued(place, tmp_path, 2)
    assert workers.devices == ["cuda:1", "cpu"]
    found = queue.claim(place, "cpu")
    assert found is not None
    assert found.id == job.id


def test_the_files_become_the_jobs_own(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path)
    assert [file.name.rpartition("-")[2] for file in job.input.files] == ["t1c.nii", "t1n.nii", "t2f.nii", "t2w.nii"]
    assert not list(uploads_folder(place).iterdir()), "nothing of it is left among the uploads"
    assert job.folder.stat().st_mode & 0o077 == 0, "nobody else reads it"


def test_a_worker_is_started_once_and_again_when_it_was_killed(
    place: Workspace, tmp_path: Path, workers: Workers
) -> None:
    queued(place, tmp_path)
    queued(place, tmp_path, 2)
    assert queue.tend(place) == []
    assert workers.devices == ["cpu"]
    workers.kill()
    assert queue.tend(place) == ["cpu"]


def test_a_study_whose_worker_died_waits_again_in_its_old_place(place: Workspace, tmp_path: Path) -> None:
    first, _ = queued(place, tmp_path), queued(place, tmp_path, 2)
    queue.claim(place, "cpu")
    dies(first)
    assert first.status.state == "queued"
    found = queue.claim(place, "cpu")
    assert found is not None
    assert (found.id, found.status.tries) == (first.id, 2)


def test_a_study_that_outlived_three_workers_has_failed_and_says_why(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path)
    for _ in range(queue.TRIES):
        assert queue.claim(place, "cpu") is not None
        dies(job)
    assert queue.claim(place, "cpu") is None
    assert (job.status.state, job.status.message) == ("failed", queue.GIVEN_UP)
    assert not job.input.folder.exists(), "somebody's scan does not stay where it is of no use"


def test_what_waits_is_cancelled_at_once_and_what_runs_when_its_worker_hears(place: Workspace, tmp_path: Path) -> None:
    first, second = queued(place, tmp_path), queued(place, tmp_path, 2)
    queue.claim(place, "cpu")
    queue.cancel(place, second)
    assert second.status.state == "cancelled"
    assert not second.input.folder.exists()
    queue.cancel(place, first)
    assert share_done(first.status) == 0.0
    assert first.is_to_end
    assert first.input.folder.exists(), "its worker has not heard yet"
    dies(first)
    queue.tend(place)
    assert first.status.state == "cancelled", "its worker died before it heard"
    with pytest.raises(RefusedError, match="cancelled; there is nothing to cancel"):
        queue.cancel(place, first)


def test_what_is_deleted_is_not_found_any_more_and_its_folder_goes(place: Workspace, tmp_path: Path) -> None:
    running, waiting = queued(place, tmp_path), queued(place, tmp_path, 2)
    queue.claim(place, "cpu")
    for job in (waiting, running):
        queue.remove(place, job)
        with pytest.raises(NotInWorkspaceError):
            find_segmentation(place, job.id)
    assert segmentations(place) == []
    assert not waiting.folder.exists()
    assert running.folder.exists(), "its worker writes into it"
    queue.finish(place, running, "cancelled")
    queue.tend(place)
    assert not running.folder.exists()
    assert not list((place.root / "removed").iterdir())


def test_finished_studies_are_deleted_after_a_day_and_waiting_ones_never(place: Workspace, tmp_path: Path) -> None:
    old, young, waiting = (queued(place, tmp_path, patient) for patient in (1, 2, 3))
    ended(old, limits.STUDY_KEPT_S + 60)
    ended(young, limits.STUDY_KEPT_S - 60)
    status = read_json(waiting.folder / "status.json")
    write_json(waiting.folder / "status.json", status | {"heartbeat": 0.0, "queued_at": 1.0})
    queue.tend(place)
    assert [job.id for job, _ in segmentations(place)] == [waiting.id, young.id]
    assert not old.folder.exists()


def test_how_long_studies_are_kept_can_be_said(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued(place, tmp_path)
    ended(job, 90 * 60)
    monkeypatch.setenv(queue.VARIABLE, "2")
    queue.tend(place)
    assert job.folder.exists()
    monkeypatch.setenv(queue.VARIABLE, "1.25")
    queue.tend(place)
    assert not job.folder.exists()


@pytest.mark.parametrize("said", ["0", "-1", "soon", "nan", "1e9"])
def test_a_time_to_keep_that_is_none_is_refused_and_deletes_nothing(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    job = queued(place, tmp_path)
    ended(job, 10 * limits.STUDY_KEPT_S)
    monkeypatch.setenv(queue.VARIABLE, said)
    with pytest.raises(RefusedError, match="expected hours above 0"):
        queue.tend(place)
    assert job.folder.exists()


def test_a_full_queue_says_so_and_leaves_the_upload(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_STUDIES_WAITING", 1)
    queued(place, tmp_path)
    upload = brought(place, *study_files(tmp_path, 2))
    with pytest.raises(QueueFullError, match="1 studies wait"):
        queue.submit(place, upload, SegmentationRequest(NAME))
    assert upload.is_complete


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (SegmentationRequest("nobody"), "no checkpoint is called 'nobody'; known: .*narrow"),
        (SegmentationRequest("checkpoints/narrow"), "no checkpoint is called"),
        (SegmentationRequest(NAME, scheme="brats-2024"), "predicts WT, TC, ET; brats-2024 has"),
        (SegmentationRequest(NAME, scheme="/etc/passwd"), "no label scheme is called"),
        (SegmentationRequest(NAME, options={"fast": True}), "no option is called 'fast'; known: tta"),
        (SegmentationRequest(NAME, options={"mc_dropout": 1}), "found 1 passes"),
        (SegmentationRequest(NAME, formats=("docx",)), "no export of a study is called 'docx'; known: nifti"),
        (SegmentationRequest(NAME, harmonise="flatten"), "flatten"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_queued(
    place: Workspace, tmp_path: Path, request_: SegmentationRequest, said: str
) -> None:
    with pytest.raises(RefusedError, match=said):
        queue.submit(place, brought(place, *study_files(tmp_path)), request_)
    assert segmentations(place) == []


@pytest.mark.parametrize(
    ("name", "value", "found", "expected"),
    [
        ("planes", ["oblique"], "['oblique']", "a list of axial, coronal, sagittal, or some of them"),
        ("tta", "perhaps", "'perhaps'", "true or false"),
        ("mc_dropout", 2.5, "2.5", "a whole number, 0 or 2 to 100"),
        ("seed", None, "None", "a whole number, 0 to 2147483647"),
    ],
)
def test_an_option_of_another_kind_is_refused_in_our_words(name: str, value: object, found: str, expected: str) -> None:
    with pytest.raises(UsageError) as refused:
        options_from_json({name: value})
    asked = f"found {found} for the option {name}; expected {expected}; give that, or leave it out"
    assert str(refused.value) == asked


def test_an_option_out_of_bounds_is_refused_in_the_sentence_of_the_options() -> None:
    with pytest.raises(UsageError) as refused:
        options_from_json({"mc_dropout": 1})
    assert str(refused.value) == "found 1 passes with dropout; expected 2 to 100, or 0 for none"


def test_every_option_says_what_it_takes() -> None:
    assert tuple(EXPECTED) == InferenceOptions.__slots__


@pytest.mark.parametrize("wrong", ["", "../runs", "segmentation-1", "segmentation-1234567890-00ff00ff00ff", "x" * 300])
def test_an_id_that_nobody_was_told_finds_nothing(place: Workspace, wrong: str) -> None:
    with pytest.raises(NotInWorkspaceError):
        find_segmentation(place, wrong)


def test_one_browsers_study_is_not_anothers(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path, owner="a")
    assert find_segmentation(place, job.id, "a").id == job.id
    with pytest.raises(NotInWorkspaceError):
        find_segmentation(place, job.id, "b")


def test_a_worker_leaves_only_when_nothing_waits(place: Workspace, tmp_path: Path) -> None:
    assert queue.register_worker(place, "cpu")
    queued(place, tmp_path)
    assert not queue.leave(place, "cpu")
    queue.claim(place, "cpu")
    assert queue.leave(place, "cpu")
    assert not queue.worker_lives(place, "cpu")


def test_a_second_worker_is_told_that_there_is_one(place: Workspace, tmp_path: Path, workers: Workers) -> None:
    queued(place, tmp_path)  # starts one
    assert not queue.register_worker(place, "cpu")
    workers.kill()
    assert queue.register_worker(place, "cpu")


def test_a_result_is_not_there_before_it_is_done(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path)
    with pytest.raises(NotDoneError, match="is queued; ask again"):
        job.document()
    queue.claim(place, "cpu")
    queue.finish(place, job, "failed", "its head is missing")
    with pytest.raises(NotDoneError, match="failed: its head is missing"):
        job.document()


def test_the_time_it_still_takes_follows_from_what_is_done(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path)
    assert eta_s(job.status) is None
    queue.claim(place, "cpu")
    status = job.status
    status.began, status.heartbeat, status.done, status.total = 100.0, 110.0, 25, 100
    assert share_done(status) == 0.25
    assert eta_s(status) == 30.0  # a quarter took ten seconds


def test_a_request_that_a_kill_cut_off_leaves_nothing_for_long(place: Workspace, tmp_path: Path) -> None:
    draft = place.jobs / ".segmentation-1234567890-00ff00ff00ff.aaaa.tmp"
    draft.mkdir(parents=True)
    (draft / "status.json").write_text("{}")
    queue.tend(place)
    assert draft.exists(), "somebody may be writing it"
    os.utime(draft, (1, 1))
    queue.tend(place)
    assert not draft.exists()
