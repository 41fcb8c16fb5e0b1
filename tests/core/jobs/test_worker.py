"""The worker's work: masks as the command line writes them, under their final name once everything is done."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.atomic import read_json
from core.data import limits
from core.errors import Cancelled, RefusedError
from core.importing import read_study
from core.inference.device import choose_compute
from core.inference.segment import Segmenter
from core.jobs import segmentation_queue as queue
from core.jobs import segmentation_work
from core.jobs.segment_files import segment_case
from core.jobs.segmentation_choices import checkpoint_named
from core.jobs.segmentation_results import formats_not_had, result_file
from core.jobs.segmentation_work import Progress
from core.jobs.segmentations import SegmentationJob, SegmentationRequest
from core.jobs.worker import Worker
from core.workspace import PROJECT, Workspace
from tests.cases import case_id, write_case
from tests.core.jobs.studies_to_segment import NAME, Workers, brought, queued, study_files, with_checkpoint


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    yield with_checkpoint(workspace)
    kept.kill()


def work(place: Workspace, job: SegmentationJob) -> None:
    """Let a worker in this process do a study."""
    taken = queue.claim(place, "cpu")
    assert taken is not None
    assert taken.id == job.id
    Worker(place, "cpu").do(taken)


def half_files(job: SegmentationJob) -> list[Path]:
    return [path for path in job.folder.rglob("*") if ".tmp" in path.name]


def test_the_mask_is_the_one_that_the_command_line_writes(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path / "study")
    work(place, job)
    assert job.status.state == "done", job.status.message
    layout = read_study(tmp_path / "study" / case_id(1), job.asked.choices)
    (tmp_path / "out").mkdir()
    segmenter = Segmenter(Workspace(tmp_path / "own"), choose_compute("cpu", fast=False))
    straight = segment_case(segmenter, layout.cases[0], checkpoint_named(place, NAME), tmp_path / "out")
    assert result_file(job, "nifti").read_bytes() == straight.file.read_bytes()
    (case,) = job.document()["cases"]
    assert case["volumes_ml"] == straight.volumes_ml
    assert not half_files(job)


def test_an_archive_of_two_patients_gives_two_masks_in_a_zip(place: Workspace, tmp_path: Path) -> None:
    import shutil
    import zipfile

    for patient in (1, 2):
        write_case(tmp_path / "cohort", case_id(patient), patient, suffix=".nii", without=("seg",))
    archive = Path(shutil.make_archive(str(tmp_path / "study"), "zip", tmp_path / "cohort"))
    job = queue.submit(place, brought(place, archive), SegmentationRequest(NAME, device="cpu"))
    work(place, job)
    assert job.status.state == "done", job.status.message
    with zipfile.ZipFile(result_file(job, "nifti")) as found:
        assert found.namelist() == [f"{case_id(1)}_seg.nii.gz", f"{case_id(2)}_seg.nii.gz"]
        assert found.testzip() is None
    one = result_file(job, "nifti", case_id(2))
    assert one.name == f"{case_id(2)}_seg.nii.gz"


def test_a_study_that_cannot_be_used_has_failed_with_a_sentence_and_is_deleted(
    place: Workspace, tmp_path: Path
) -> None:
    upload = brought(place, *(file for file in study_files(tmp_path) if "t2f" not in file.name))
    job = queue.submit(place, upload, SegmentationRequest(NAME, device="cpu"))
    work(place, job)
    assert job.status.state == "failed"
    assert "t2f" in job.status.message
    assert not job.input.folder.exists()
    assert not job.result.exists()


def test_what_is_unforeseen_is_a_sentence_and_the_next_study_is_taken(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = queued(place, tmp_path), queued(place, tmp_path, 2)

    def broken(*_given: object, **_named: object) -> None:
        raise ZeroDivisionError("of Jane Doe")

    with monkeypatch.context() as patched:
        patched.setattr(segmentation_work, "segment_models", broken)
        work(place, first)
    assert first.status.state == "failed"
    assert "ZeroDivisionError" in first.status.message
    assert "Jane" not in first.status.message
    work(place, second)
    assert second.status.state == "done", second.status.message


def test_a_cancelled_study_ends_at_the_next_slices_and_leaves_nothing(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued(place, tmp_path)
    said: list[tuple[str, int, int]] = []

    class Cancelling(Progress):
        def say(self, label: str, done: int = 0, total: int = 0) -> None:
            if label == "segmenting":
                queue.cancel(place, job)
            said.append((label, done, total))
            super().say(label, done, total)

    monkeypatch.setattr(segmentation_work, "Progress", Cancelling)
    work(place, job)
    assert job.status.state == "cancelled"
    assert [label for label, *_ in said][-1] == "segmenting"
    assert sorted(path.name for path in job.folder.iterdir()) == ["cancel", "request.json", "status.json"]


def test_other_formats_are_made_at_once_where_asked_for_else_when_they_are_fetched(
    place: Workspace, tmp_path: Path
) -> None:
    job = queued(place, tmp_path, formats=("nifti", "json", "dicom-seg"))
    work(place, job)
    status = job.status
    assert status.state == "done"
    assert "DICOM" in status.message, "the format that does not fit is named, and costs nothing else"
    with pytest.raises(RefusedError, match="DICOM"):
        result_file(job, "dicom-seg")
    measured = read_json(result_file(job, "json"))
    assert not (job.folder / "exports").exists()
    table = result_file(job, "csv")
    assert table.parent == job.folder / "exports" / "csv"
    (case,) = job.document()["cases"]
    volumes = case["volumes_ml"]
    regions = measured["measurements"]["regions"]
    assert {name: region["ml"] for name, region in regions.items()} == pytest.approx(volumes, abs=0.001)
    assert f"{volumes['WT']:.1f}" in table.read_text()
    made = table.stat().st_mtime_ns
    assert result_file(job, "csv").stat().st_mtime_ns == made, "made once"
    assert sorted(path.name for path in (job.folder / "exports").iterdir()) == ["csv"]
    assert {path.suffix for path in job.folder.rglob("*")} >= {".csv", ".json", ".gz"}
    assert not half_files(job)


@pytest.mark.parametrize("asked", ["dicom-seg", "rtstruct"])
def test_a_format_that_does_not_fit_is_refused_at_once_in_the_sentence_of_the_export(
    place: Workspace, tmp_path: Path, asked: str
) -> None:
    """What is made with the study says why it was left out; who asks afterwards is told the same."""
    job = queued(place, tmp_path, formats=("nifti", asked))
    work(place, job)
    assert formats_not_had(job) == dict.fromkeys(("dicom-seg", "rtstruct"), job.status.message)
    shutil.rmtree(job.result / asked)
    with pytest.raises(RefusedError) as refused:
        result_file(job, asked)
    assert str(refused.value) == job.status.message
    assert not (job.folder / "exports").exists(), "no process was started for it"


@pytest.mark.slow
def test_an_export_loads_no_network(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path)
    work(place, job)
    environment = os.environ | {"SEGSCOPE_WORKSPACE": str(place.root), "PYTHONPATH": str(PROJECT)}
    program = (
        "import sys; from core.jobs.export_work import main\n"
        f"assert main({job.id!r}, 'nifti-probabilities') == 0; print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"
    assert result_file(job, "nifti-probabilities").name.endswith("_probabilities.nii.gz")


def test_progress_hears_a_wish_to_cancel(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path)
    taken = queue.claim(place, "cpu")
    assert taken is not None
    heard = Progress(taken).of_case(1, 2, ())
    heard.on_slices(5, 10)
    assert (job.status.label, job.status.done, job.status.total) == ("segmenting", 15, 20)
    queue.cancel(place, job)
    with pytest.raises(Cancelled):
        heard.on_slices(6, 10)


def test_a_study_that_takes_too_long_is_ended(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued(place, tmp_path)
    monkeypatch.setattr(limits, "SEGMENTATION_S", 1)
    monkeypatch.setattr(segmentation_work, "read_study", lambda *_given: time.sleep(60))
    work(place, job)
    assert job.status.state == "failed"
    assert "took longer" in job.status.message


def test_models_stay_loaded_between_studies(place: Workspace, tmp_path: Path) -> None:
    worker = Worker(place, "cpu")
    for patient in (1, 2):
        queued(place, tmp_path, patient)
    loaded = []
    for _ in range(2):
        job = queue.claim(place, "cpu")
        assert job is not None
        worker.do(job)
        assert job.status.state == "done", job.status.message
        loaded.append(list(worker.loaded.values()))
    assert loaded[0] == loaded[1]
    assert len(loaded[0]) == 1


def test_the_next_study_is_read_while_one_is_segmented(place: Workspace, tmp_path: Path) -> None:
    first, second = queued(place, tmp_path), queued(place, tmp_path, 2)
    worker, taken = Worker(place, "cpu"), queue.claim(place, "cpu")
    assert taken is not None
    worker.do(taken)
    assert [job.status.state for job in (first, second)] == ["done", "queued"], "read ahead, and not taken"
    assert list(worker.ahead.take(second)) == [case_id(2)]
    assert worker.ahead.take(second) == {}, "nothing stays"
    work(place, second)
    assert second.status.state == "done", second.status.message


def test_a_study_that_is_deleted_while_it_is_read_ahead_does_no_harm(place: Workspace, tmp_path: Path) -> None:
    queued(place, tmp_path)
    second, third = queued(place, tmp_path, 2), queued(place, tmp_path, 3)
    worker, taken = Worker(place, "cpu"), queue.claim(place, "cpu")
    assert taken is not None
    worker.do(taken)
    queue.remove(place, second)
    taken = queue.claim(place, "cpu")
    assert taken is not None
    worker.do(taken)
    assert third.status.state == "done", third.status.message
    assert not second.folder.exists()


def test_predictions_of_what_somebody_brought_go_with_it(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path)
    work(place, job)
    assert not (place.root / "predictions").exists()
    assert list(job.work.rglob("probabilities.npy"))


def test_a_second_try_takes_up_what_the_first_had_finished(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path)
    work(place, job)
    whole = result_file(job, "nifti").read_bytes()
    # killed between the result's last file and the word that it is done
    status = job.status
    status.state, status.pid_started = "running", "1@another-boot"
    job.write(status)
    (job.folder / ".result.00ff.tmp").mkdir()
    work(place, job)
    assert job.status.state == "done"
    assert result_file(job, "nifti").read_bytes() == whole


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_costs_its_study_one_try(workspace: Workspace, tmp_path: Path) -> None:
    place = with_checkpoint(workspace)
    job = queued(place, tmp_path)
    ends = time.monotonic() + 120
    while job.status.state != "running":
        assert time.monotonic() < ends
        time.sleep(0.01)
    os.kill(job.status.pid, signal.SIGKILL)
    while job.status.state not in ("done", "failed"):
        assert time.monotonic() < ends
        queue.tend(place)
        time.sleep(0.05)
    assert job.status.state == "done", job.status.message
    assert not half_files(job)


def test_what_a_killed_try_was_writing_is_gone_after_the_next(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path)
    (job.folder / ".status.json.0a1b2c3d.tmp").write_text('{"state": "run')
    work(place, job)
    assert job.status.state == "done", job.status.message
    assert not half_files(job)


def test_a_worker_ends_after_it_was_idle_for_long(place: Workspace) -> None:
    environment = os.environ | {"SEGSCOPE_WORKSPACE": str(place.root), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "core.jobs.worker", "--device", "cpu", "--idle-s", "0.2"]
    assert subprocess.run(command, env=environment, cwd=PROJECT, timeout=60, check=False).returncode == 0
    assert not queue.worker_lives(place, "cpu")
