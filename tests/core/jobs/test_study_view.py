"""What a page shows of a study: images, then one slice, then everything; and nothing once the study is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.atomic import read_json
from core.data.volume_cache import NoSuchVolumeError, VolumeCache
from core.errors import RefusedError
from core.export import EXPORTS
from core.importing import import_folder
from core.jobs import segmentation_queue as queue
from core.jobs.borrowed_studies import bring_again, bring_case
from core.jobs.segmentation_choices import AUTO, fitting_checkpoint, what_it_lacks
from core.jobs.segmentations import SegmentationJob, SegmentationRequest
from core.jobs.study_view import VIEW, StudyView, study_view, volumes_of
from core.jobs.worker import Worker
from core.workspace import Workspace
from tests import narrow
from tests.cases import case_id, write_cohort
from tests.core.jobs.studies_to_segment import NAME, Workers, queued, with_checkpoint


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    yield with_checkpoint(workspace)
    kept.kill()


def done(place: Workspace, job: SegmentationJob) -> dict[str, object]:
    """Let a worker in this process do a study; return what is shown of it."""
    taken = queue.claim(place, "cpu")
    assert taken is not None
    Worker(place, "cpu").do(taken)
    assert job.status.state == "done", job.status.message
    view = study_view(job)
    assert view is not None
    return view


def mask_of(place: Workspace, address: object) -> np.ndarray:
    return VolumeCache(place.volumes).voxels(str(address))


def test_it_grows_from_images_to_a_slice_to_the_mask(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = []
    written = StudyView._write

    def watched(view: StudyView) -> None:
        written(view)
        said = read_json(view._job.folder / VIEW)
        stages.append((bool(said["images"]), said["first"] is not None, said["mask"] is not None))

    monkeypatch.setattr(StudyView, "_write", watched)
    done(place, queued(place, tmp_path / "study"))
    assert stages == [(True, False, False), (True, True, False), (True, True, True)]


def test_what_is_measured_is_what_the_file_says(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path / "study")
    measured = done(place, job)["measured"]
    (case,) = job.document()["cases"]
    assert isinstance(measured, dict)
    assert {name: region["ml"] for name, region in measured["regions"].items()} == pytest.approx(case["volumes_ml"])


def test_the_first_checkpoint_that_fits_is_taken(place: Workspace, tmp_path: Path) -> None:
    view = done(place, queued(place, tmp_path / "study", checkpoint=AUTO))
    assert view["checkpoint"] == NAME, "one that was made here comes before those that ship"


def test_a_study_that_no_checkpoint_reads_is_refused_with_what_they_need(place: Workspace) -> None:
    with pytest.raises(RefusedError, match=r"no checkpoint fits a study of ct; those that are here need t1n"):
        fitting_checkpoint(place, ["ct"])


def test_a_checkpoint_lacks_what_it_reads_and_the_study_has_not(place: Workspace) -> None:
    checkpoint = narrow.checkpoint(place.made_checkpoint("other"))
    assert what_it_lacks(checkpoint, ["t1n", "t1c", "t2w"]) == ("t2f",)
    assert what_it_lacks(checkpoint, ["t1n", "t1c", "t2w", "t2f"]) == ()


def test_the_volumes_go_with_the_study_but_not_those_that_another_shows(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path / "study")
    done(place, job)
    upload = bring_again(place, job)
    other = queue.submit(place, upload, SegmentationRequest(NAME, device="cpu"))
    done(place, other)
    shared = volumes_of(job) & volumes_of(other)
    assert shared, "the same voxels are kept once"
    queue.remove(place, job)
    for address in shared:
        VolumeCache(place.volumes).manifest(address)
    queue.remove(place, other)
    for address in shared:
        with pytest.raises(NoSuchVolumeError):
            VolumeCache(place.volumes).manifest(address)


def test_a_study_is_segmented_again_without_its_files_being_sent_again(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path / "study")
    before = done(place, job)
    again = queue.submit(place, bring_again(place, job), SegmentationRequest(NAME, device="cpu"))
    queue.remove(place, job)
    assert done(place, again)["mask"] == before["mask"]


def test_what_is_deleted_cannot_be_segmented_again(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path / "study")
    queue.drop_files(job)
    with pytest.raises(RefusedError, match="deleted already; bring them again"):
        bring_again(place, job)
    assert not list((place.root / "uploads").glob("*")), "nothing is left half brought"


def test_a_case_of_a_cohort_is_brought_without_its_reference(place: Workspace, tmp_path: Path) -> None:
    import_folder(place, write_cohort(tmp_path / "files" / "small", 1), "small")
    upload = bring_case(place, place.cohort("small"), case_id(1))
    assert len(upload.files) == 4
    assert not any("seg" in file.name for file in upload.files)
    assert upload.is_complete
    view = done(place, queue.submit(place, upload, SegmentationRequest(AUTO, device="cpu")))
    assert view["modalities"] == ["t1n", "t1c", "t2w", "t2f"]


def test_every_format_of_a_case_has_a_short_name_on_the_page() -> None:
    from core.export import CASE_FORMATS
    from pages.parts.segment.take_away import SHORT

    assert set(CASE_FORMATS) == set(SHORT)
    assert set(SHORT) <= set(EXPORTS)
