"""What was aligned once is not aligned again: not for another format, not for another model, not after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.harmonise import Harmonising
from core.harmonise.noticing import WHOLE
from core.importing import ImportChoices, read_study
from core.jobs import segmentation_queue as queue
from core.jobs.aligned_studies import AlignedStudies
from core.jobs.borrowed_studies import bring_again
from core.jobs.export_work import export_study
from core.jobs.listening import Listener
from core.jobs.ready_case import AS_BEFORE, ReadyCase, ready_case
from core.jobs.segmentation_results import result_file
from core.jobs.segmentations import SegmentationJob, SegmentationRequest
from core.jobs.study_steps import study_steps
from core.jobs.worker import Worker
from core.workspace import Workspace
from tests import narrow
from tests.core.jobs.raw_studies import MODALITIES, raw_study
from tests.core.jobs.studies_to_segment import NAME, Workers, brought

pytestmark = pytest.mark.slow

FORMATS = ("json", "csv", "ply", "nifti-probabilities")


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    for number, name in enumerate((NAME, "another")):
        narrow.checkpoint(workspace.made_checkpoint(name), number, narrow.spec(modalities=MODALITIES))
    yield workspace
    kept.kill()


@pytest.fixture
def aligned(place: Workspace, tmp_path: Path) -> tuple[ReadyCase, AlignedStudies]:
    kept = AlignedStudies(brought(place, *raw_study(tmp_path / "study")))
    (case,) = read_study(tmp_path / "study", ImportChoices()).cases
    ready = ready_case(case, ImportChoices(), brains=True)
    kept.keep(ready)
    return ready, kept


def work(place: Workspace, *files: Path, **asked: object) -> SegmentationJob:
    request = SegmentationRequest(**({"checkpoint": NAME, "device": "cpu"} | asked))  # type: ignore[arg-type]
    queue.submit(place, brought(place, *files), request)
    return taken(place)


def taken(place: Workspace) -> SegmentationJob:
    job = queue.claim(place, "cpu")
    assert job is not None
    Worker(place, "cpu").do(job)
    assert job.status.state == "done", job.status.message
    return job


def test_a_late_export_aligns_nothing_and_has_the_bytes_of_one_made_at_once(place: Workspace, tmp_path: Path) -> None:
    files = raw_study(tmp_path / "study")
    at_once = work(place, *files, formats=("nifti", *FORMATS))
    later = work(place, *files)
    assert not any((later.result / name).exists() for name in FORMATS)
    for name in FORMATS:
        steps: list[str] = []
        export_study(place, later, name, Listener(on_step=lambda what, _done, _total, to=steps: to.append(what)))
        assert steps == [AS_BEFORE], "neither read again nor aligned again"
        assert result_file(later, name).read_bytes() == result_file(at_once, name).read_bytes(), name


def test_another_model_takes_the_study_as_it_was_aligned(place: Workspace, tmp_path: Path) -> None:
    first = work(place, *raw_study(tmp_path / "study"))
    queue.submit(place, bring_again(place, first), SegmentationRequest("another", device="cpu"))
    again = taken(place)
    done = study_steps(again)
    assert done is not None
    assert not [step for step in done["steps"] if step["what"].startswith(("align", "resample", "find", "keep"))]
    (before,), (after,) = first.document()["cases"], again.document()["cases"]
    assert after["harmonised"] == before["harmonised"]
    assert after["findings"][: len(before["findings"])] == before["findings"]
    assert sorted(after["series"]) == sorted(MODALITIES)
    queue.remove(place, first)
    assert result_file(again, "csv").stat().st_size > 0, "it does not live on the other's folder"


def test_what_is_kept_is_the_case_to_the_last_bit(aligned: tuple[ReadyCase, AlignedStudies]) -> None:
    ready, kept = aligned
    found = kept.find(ready.case, WHOLE)
    assert found is not None
    assert found.volume.voxels.dtype == ready.volume.voxels.dtype
    assert np.array_equal(found.volume.voxels, ready.volume.voxels)
    assert (found.volume.slope, found.volume.intercept) == (ready.volume.slope, ready.volume.intercept)
    assert found.volume.modalities == ready.volume.modalities
    assert found.volume.native.to_json() == ready.volume.native.to_json()
    assert found.findings == ready.findings
    assert found.harmonised is not None
    assert ready.harmonised is not None
    assert found.harmonised.to_json() == ready.harmonised.to_json()
    assert {name: grid.to_json() for name, grid in found.series.items()} == {
        name: grid.to_json() for name, grid in ready.series.items()
    }


def test_another_way_of_aligning_is_not_taken_for_it(aligned: tuple[ReadyCase, AlignedStudies]) -> None:
    ready, kept = aligned
    assert kept.find(ready.case, Harmonising(register=True)) is None
