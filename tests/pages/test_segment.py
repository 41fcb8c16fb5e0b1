"""Segment without a browser: both ways in, a study in each of its states, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import MissingCost, derive_checkpoint
from core.importing import import_folder
from core.jobs import segmentation_queue as queue
from core.jobs.segmentations import SegmentationJob, SegmentationRequest, segmentations
from core.jobs.uploads import owner_of
from core.jobs.worker import Worker
from core.workspace import PROJECT, Workspace
from pages.parts.segment.checkpoints import offers
from tests import narrow
from tests.cases import case_id, write_case, write_cohort
from tests.core.jobs.studies_to_segment import NAME, Workers, brought, queued, with_checkpoint

SHELL = PROJECT / "pages" / "shell.py"
NOBODY = owner_of("")  # the browser without a cookie, which is the one that these tests are


@pytest.fixture
def place(workspace_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    yield with_checkpoint(Workspace(workspace_dir))
    kept.kill()


def opened(study: str | None = None) -> AppTest:
    """Segment, with a study in its address."""
    app = AppTest.from_file(str(SHELL), default_timeout=60).run().switch_page("segment_scan.py")
    if study:
        app.query_params["study"] = study
    app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.code)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def buttons(app: AppTest) -> dict[str, Any]:
    return {button.label: button for button in app.button}


def mine(place: Workspace, folder: Path) -> SegmentationJob:
    return queued(place, folder, owner=NOBODY)


def done(place: Workspace, folder: Path) -> SegmentationJob:
    job = mine(place, folder)
    taken = queue.claim(place, "cpu")
    assert taken is not None
    Worker(place, "cpu").do(taken)
    assert job.status.state == "done", job.status.message
    return job


def test_an_empty_workspace_says_what_may_be_brought_and_when_it_is_deleted(place: Workspace) -> None:
    said = words(opened())
    assert "Segment a scan" in said
    assert "deleted 24 h after the segmentation" in said
    assert "Overview makes a demo of phantoms" in said


def test_a_case_that_is_here_is_put_into_the_queue_and_opened(place: Workspace, tmp_path: Path) -> None:
    import_folder(place, write_cohort(tmp_path / "files" / "small", 1), "small")
    app = opened()
    buttons(app)["Segment this case"].click().run()
    assert not app.exception
    ((job, status),) = segmentations(place)
    assert status.state == "queued"
    assert app.query_params["study"] == job.id
    assert "Cancel" in buttons(app)


def test_a_study_that_waits_can_be_cancelled(place: Workspace, tmp_path: Path) -> None:
    job = mine(place, tmp_path)
    buttons(opened(job.id))["Cancel"].click().run()
    assert job.status.state == "cancelled"
    assert "cancelled, and its files are deleted" in words(opened(job.id))


def test_what_was_measured_stands_beside_the_picture_with_a_sentence_to_copy(place: Workspace, tmp_path: Path) -> None:
    job = done(place, tmp_path)
    app = opened(job.id)
    said = words(app)
    (case,) = job.document()["cases"]
    largest = next(iter(case["volumes_ml"].values()))
    assert "**Measured**" in said
    tables = " ".join(str(html.body if hasattr(html, "body") else html.proto) for html in app.get("html"))
    assert f"{largest:.1f}" in tables
    assert any(" ml" in str(code.value) for code in app.code) or largest == 0
    assert "4 series" in said
    assert "For research. Not a medical device." in said


def test_a_format_is_made_and_handed_over(place: Workspace, tmp_path: Path) -> None:
    app = opened(done(place, tmp_path).id)
    buttons(app)["NIfTI"].click().run()
    assert not app.exception
    assert [each.proto.label for each in app.get("download_button")] == ["Save BraTS-TST-00001-000_seg.nii.gz"]


def test_a_study_is_deleted_at_once(place: Workspace, tmp_path: Path) -> None:
    job = done(place, tmp_path)
    app = opened(job.id)
    buttons(app)["Delete now"].click().run()
    assert not job.folder.exists()
    assert "Segment a scan" in words(app)


def test_a_failed_study_says_why(place: Workspace, tmp_path: Path) -> None:
    job = mine(place, tmp_path)
    taken = queue.claim(place, "cpu")
    assert taken is not None
    queue.finish(place, job, "failed", "its files hold no picture; bring others")
    assert "its files hold no picture; bring others" in words(opened(job.id))


def test_another_browsers_study_is_not_here(place: Workspace, tmp_path: Path) -> None:
    job = queued(place, tmp_path, owner=owner_of("somebody else"))
    said = words(opened(job.id))
    assert "is not here" in said
    assert "Cancel" not in said


def test_segmenting_again_needs_a_change(place: Workspace, tmp_path: Path) -> None:
    app = opened(done(place, tmp_path).id)
    assert buttons(app)["Segment again"].disabled
    (flips,) = (box for box in app.checkbox if box.label == "Mean over flips")
    flips.check().run()
    buttons(app)["Segment again"].click().run()
    assert not app.exception
    asked = [job.asked for job, _ in segmentations(place)]
    assert [(each.checkpoint, each.options) for each in asked] == [(NAME, {}), (NAME, {"tta": True})]


def test_models_that_do_not_fit_say_what_they_need(place: Workspace) -> None:
    found = {offer.name: offer.why_not for offer in offers(["t1n", "t1c", "t2w"])}
    assert found[NAME] == "needs FLAIR too"
    assert next(iter(offers(["t1n", "t1c", "t2w", "t2f"]))).why_not == ""


def test_a_study_without_a_sequence_says_what_that_costs_the_model(place: Workspace, tmp_path: Path) -> None:
    folder = place.made_checkpoint("dropping")
    made = narrow.checkpoint(folder, seed=1, recipe=narrow.DROPPING)
    cost = MissingCost(
        checkpoint=made.id, split_sha256="0" * 64, cases=4, groups=4, group_word="patient", counted={"WT": 4},
        everything={"WT": 0.82}, without={"t2f": {"WT": 0.61}},
    )  # fmt: skip
    derive_checkpoint(made, place.made_checkpoint("measured"), {"missing_cost": cost})
    files = sorted(write_case(tmp_path, case_id(1), 1, without=("seg", "t2f")).iterdir())
    asked = SegmentationRequest(checkpoint="measured", device="cpu", owner=NOBODY)
    job = queue.submit(place, brought(place, *files), asked)
    taken = queue.claim(place, "cpu")
    assert taken is not None
    Worker(place, "cpu").do(taken)
    assert job.status.state == "done", job.status.message
    (case,) = job.document()["cases"]
    sentence = "Without FLAIR: whole tumour Dice 0.61 instead of 0.82 on 4 validation patients"
    assert sentence[1:] in str(case["findings"]), "and so over REST"
    said = words(opened(job.id)).replace("\\", "")
    assert said.count(sentence) == 2, "beside the model, and beside what is measured"
    assert "not measured" in {offer.name: offer.cost for offer in offers(["t1n", "t1c", "t2w"])}["dropping"]
