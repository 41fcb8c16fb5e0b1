"""The mask of a study while it is made: by batches, near the slice on screen first, and never taken for the whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.data.growing_volume import GrowingVolume
from core.data.volume_cache import NoSuchVolumeError, VolumeCache
from core.inference import batches
from core.jobs import segmentation_queue as queue
from core.jobs import study_view as views
from core.jobs.segmentations import SegmentationJob, eta_s
from core.jobs.study_view import look_at, study_view, volumes_of
from core.jobs.worker import Worker
from core.service.api.documents import segmentation_document
from core.workspace import Workspace
from tests import narrow
from tests.core.jobs.studies_to_segment import Workers, queued, with_checkpoint


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    monkeypatch.setattr(batches, "BATCH", 2)  # a study of few slices has several batches too
    yield with_checkpoint(workspace)
    kept.kill()


def work(place: Workspace) -> SegmentationJob:
    taken = queue.claim(place, "cpu")
    assert taken is not None
    Worker(place, "cpu").do(taken)
    return taken


def first_volume(job: SegmentationJob) -> str:
    view = study_view(job)
    assert view is not None
    return str(view["first"]["volume"])


def mask_of(place: Workspace, address: object) -> np.ndarray:
    return VolumeCache(place.volumes).voxels(str(address))


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The slices of every part, as they are published."""
    seen: list[list[int]] = []
    publish = GrowingVolume.publish

    def watched(self: GrowingVolume, slices: list[int], bits: np.ndarray) -> None:
        publish(self, slices, bits)
        seen.append(list(slices))

    monkeypatch.setattr(GrowingVolume, "publish", watched)
    return seen


def test_the_slice_on_screen_comes_first_and_then_its_neighbours(
    place: Workspace, tmp_path: Path, published: list[list[int]]
) -> None:
    job = queued(place, tmp_path, first_slice=9)
    work(place)
    assert job.status.state == "done", job.status.message
    first, *rest = published
    assert first == [9]
    away = [min(abs(number - 9) for number in part) for part in rest]
    assert away == sorted(away)
    assert len(rest) >= 4
    numbers = [number for part in rest for number in part]
    assert sorted(numbers) == sorted(set(numbers))


def test_in_the_end_it_says_what_the_whole_mask_says(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path)
    work(place)
    view = study_view(job)
    assert view is not None
    streamed, whole = mask_of(place, view["first"]["volume"]), mask_of(place, view["mask"])
    assert whole.any()
    assert (streamed == whole).all(), "this checkpoint has no clean-up"
    assert VolumeCache(place.volumes).manifest(view["first"]["volume"])["growing"]["ended"]
    assert view["mask"] != view["first"]["volume"]


@pytest.mark.slow
def test_of_an_ensemble_the_last_member_leaves_the_mean_of_all(place: Workspace, tmp_path: Path) -> None:
    from core.checkpoints import write_ensemble

    members = [narrow.checkpoint(place.made_checkpoint(f"member{seed}"), seed) for seed in (1, 2, 3)]
    write_ensemble(place.made_checkpoint("three"), "three", members)
    job = queued(place, tmp_path, checkpoint="three")
    work(place)
    assert job.status.state == "done", job.status.message
    view = study_view(job)
    assert view is not None
    assert (mask_of(place, view["first"]["volume"]) == mask_of(place, view["mask"])).all()


def test_where_the_reader_looks_meanwhile_is_where_it_goes_on(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: list[list[int]]
) -> None:
    job = queued(place, tmp_path, first_slice=3)
    watched = GrowingVolume.publish

    def elsewhere(self: GrowingVolume, slices: list[int], bits: np.ndarray) -> None:
        watched(self, slices, bits)
        look_at(job, 11)

    monkeypatch.setattr(GrowingVolume, "publish", elsewhere)
    work(place)
    assert published[0] == [3]
    assert 11 in published[1]


def halfway(monkeypatch: pytest.MonkeyPatch, then: Any) -> None:
    """Have something happen once three parts of a study are published."""
    publish, count = GrowingVolume.publish, 0

    def watched(self: GrowingVolume, slices: list[int], bits: np.ndarray) -> None:
        nonlocal count
        publish(self, slices, bits)
        count += 1
        if count == 3:
            then()

    monkeypatch.setattr(GrowingVolume, "publish", watched)


def test_cancelled_in_the_middle_nothing_of_it_is_left(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued(place, tmp_path)
    addresses: set[str] = set()

    def cancel() -> None:
        view = study_view(job)
        assert view is not None
        assert view["mask"] is None, "a half mask is never the mask"
        assert view["measured"] is None
        addresses.update(volumes_of(job))
        queue.cancel(place, job)

    halfway(monkeypatch, cancel)
    work(place)
    assert job.status.state == "cancelled"
    assert study_view(job) is None
    assert len(addresses) == 5, "four sequences and the mask so far"
    for address in addresses:
        with pytest.raises(NoSuchVolumeError):
            VolumeCache(place.volumes).manifest(address)


@pytest.mark.slow
def test_a_try_that_was_killed_leaves_nothing_to_the_next(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, before = queued(place, tmp_path), []

    class Killed(BaseException):
        pass

    def kill() -> None:
        before.append(first_volume(job))
        raise Killed

    with monkeypatch.context() as patch:
        halfway(patch, kill)
        with pytest.raises(Killed):
            work(place)
    status = job.status
    status.pid_started = "1@another-boot"
    job.write(status)
    work(place)
    assert job.status.state == "done", job.status.message
    assert first_volume(job) != before[0]
    with pytest.raises(NoSuchVolumeError):
        VolumeCache(place.volumes).manifest(before[0])


@pytest.mark.slow
def test_a_full_disk_ends_the_showing_and_not_the_work(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued(place, tmp_path)

    def full(self: GrowingVolume, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(GrowingVolume, "publish", full)
    work(place)
    assert job.status.state == "done", job.status.message
    view = study_view(job)
    assert view is not None
    assert mask_of(place, view["mask"]).any()


@pytest.mark.slow
def test_what_no_browser_can_hold_is_shown_slice_and_whole(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: list[list[int]]
) -> None:
    monkeypatch.setattr(views, "BROWSER_WHOLE_BYTES", 1000)
    job = queued(place, tmp_path, first_slice=9)
    work(place)
    view = study_view(job)
    assert view is not None
    assert not published
    alone, whole = mask_of(place, view["first"]["volume"]), mask_of(place, view["mask"])
    assert (alone[:, :, 9] == whole[:, :, 9]).all()
    assert not np.delete(alone, 9, axis=2).any()


def test_slices_and_seconds_left_are_counted_from_the_first_slice_on(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading took a minute; a slice takes a second: of 10 slices 4 are done, 6 seconds are left."""
    from core.jobs import segmentation_work
    from core.jobs.segmentation_work import Progress

    job, now = queued(place, tmp_path), [0.0]
    monkeypatch.setattr(segmentation_work.time, "monotonic", lambda: now[0])
    taken = queue.claim(place, "cpu")
    assert taken is not None
    told = Progress(taken).of_case(0, 1, ())
    now[0] += 60
    told.on_step("segment with Narrow", 1, 4)
    now[0] += 4
    told.on_slices(4, 10)
    status = job.status
    assert (status.slices_done, status.slices_total) == (4, 10)
    assert status.left_s == 6
    said = segmentation_document(job, status, None)
    assert (said.slices_done, said.slices_total) == (4, 10)
    assert said.eta_s is not None
    left = eta_s(status)
    assert left is not None
    assert 0 < left <= 6
    told.on_step("write", 3, 4)
    assert job.status.left_s is None
