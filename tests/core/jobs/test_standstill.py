"""A disk that takes nothing: one worker that waits, a sentence for whoever waits with it, and the study done after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from core.data import limits
from core.jobs import segmentation_queue as queue
from core.jobs import standstill
from core.jobs import worker as worker_module
from core.jobs.segmentations import SegmentationJob
from core.jobs.standstill import FULL, SHUT, may_start, pause_s, why_it_stands_still, why_unwritable, worker_file
from core.jobs.worker import Worker
from core.service.api.documents import segmentation_document
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import Workers, queued, with_checkpoint
from tests.small_disk import mounted

SIZE_MIB = 16


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    monkeypatch.setattr(standstill, "_looked", {})
    yield kept
    kept.kill()


@pytest.fixture
def small_disk(tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace on a disk of its own of 16 MB."""
    with mounted(tmp_path / "disk", SIZE_MIB) as root:
        monkeypatch.setattr(limits, "FREE_DISK_BYTES", 0)  # that much is left for others to fill
        monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(root / "workspace"))
        yield with_checkpoint(Workspace(root / "workspace"))


def fill(workspace: Workspace) -> Path:
    """Leave no byte."""
    path = workspace.root.parent / "filling"
    with path.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(4096))
    assert why_unwritable(workspace) == FULL
    return path


def status_of(job: SegmentationJob) -> str:
    return job.status.state


def test_on_a_full_disk_no_worker_is_started_and_who_waits_is_told(
    small_disk: Workspace, tmp_path: Path, workers: Workers
) -> None:
    job = queued(small_disk, tmp_path)
    assert workers.devices == ["cpu"]
    workers.kill()
    filling = fill(small_disk)
    for _ in range(3):
        assert queue.tend(small_disk) == []
    assert workers.devices == ["cpu"], "no process that could not even say that it is there"
    assert why_it_stands_still(small_disk, "cpu") == FULL
    assert segmentation_document(job, job.status, 1).message == FULL
    filling.unlink()
    assert why_unwritable(small_disk) == ""
    assert queue.tend(small_disk) == ["cpu"]


def test_a_worker_on_a_full_disk_waits_longer_each_time_and_then_does_what_waited(
    small_disk: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued(small_disk, tmp_path)
    filling = fill(small_disk)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        if seconds < 1:  # how it waits for the next study
            return
        slept.append(seconds)
        assert status_of(job) == "queued"
        if len(slept) == 3:
            filling.unlink()

    monkeypatch.setattr(worker_module.time, "sleep", sleep)
    Worker(small_disk, "cpu").run(idle_s=0.0)
    assert slept == [5.0, 10.0, 20.0]
    assert status_of(job) == "done", job.status.message
    assert job.status.tries == 1, "a full disk costs no try"


def test_a_disk_that_fills_in_the_middle_keeps_the_study_until_there_is_room(
    small_disk: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued(small_disk, tmp_path)
    taken = queue.claim(small_disk, "cpu")
    assert taken is not None
    filling = fill(small_disk)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert status_of(job) == "running"
        assert job.input.folder.exists(), "what was brought is not lost"
        if len(slept) == 2:
            filling.unlink()

    monkeypatch.setattr(worker_module.time, "sleep", sleep)
    Worker(small_disk, "cpu").do(taken)
    assert slept == [5.0, 10.0]
    assert status_of(job) == "done", job.status.message


def test_a_study_cancelled_while_the_disk_is_full_makes_room(
    small_disk: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued(small_disk, tmp_path)
    taken = queue.claim(small_disk, "cpu")
    assert taken is not None
    (job.folder / "cancel").touch()
    (job.folder / "cancel").rename(job.folder / "soon")
    fill(small_disk)
    monkeypatch.setattr(worker_module.time, "sleep", lambda _s: (job.folder / "soon").rename(job.folder / "cancel"))
    Worker(small_disk, "cpu").do(taken)
    assert status_of(job) == "cancelled"
    assert not job.input.folder.exists()


def test_a_workspace_that_is_no_folder_one_can_write_into_is_said(workspace: Workspace, workers: Workers) -> None:
    lost = Workspace(Path("/proc/nowhere"))
    assert why_unwritable(lost) == SHUT
    assert why_unwritable(workspace) == ""


def test_a_worker_that_ends_before_it_began_is_started_ever_more_rarely(
    workspace: Workspace, tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = with_checkpoint(workspace)
    queued(place, tmp_path)
    now = 1e9
    monkeypatch.setattr(standstill.time, "time", lambda: now)
    starts = []
    for _ in range(240):  # the server looks every five seconds
        workers.kill()
        if queue.tend(place):
            starts.append(now - 1e9)
        now += 5
    gaps = [later - sooner for sooner, later in pairwise(starts)]
    assert gaps[:4] == [5.0, 10.0, 20.0, 40.0]
    assert set(gaps[4:]) == {60.0}
    assert "ended" in why_it_stands_still(place, "cpu")
    assert queue.claim(place, "cpu") is not None
    assert may_start(worker_file(place, "cpu")), "one that took a study is missed at once"
    assert why_it_stands_still(place, "cpu") == ""


def test_pauses_double_up_to_a_minute() -> None:
    assert [pause_s(failures) for failures in (1, 2, 3, 4, 5, 400)] == [5, 10, 20, 40, 60, 60]
