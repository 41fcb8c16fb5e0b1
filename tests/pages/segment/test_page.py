"""Segment without a browser: both ways in, a study in each of its states, and nobody else's."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.case import Case
from core.checkpoints import MissingCost, derive_checkpoint, shipped_names
from core.data import limits
from core.data.image import plain_image
from core.data.refusal import Finding
from core.importing import import_folder
from core.jobs import segmentation_queue as queue
from core.jobs import standstill
from core.jobs.ready_case import RawStudy
from core.jobs.segmentation_choices import fitting_checkpoint
from core.jobs.segmentations import SegmentationRequest, segmentations
from core.jobs.study_steps import StudySteps
from core.jobs.uploads import owner_of, uploads_folder
from core.jobs.worker import Worker
from core.volume import Grid
from core.workspace import Workspace
from pages.parts.segment.checkpoints import offers
from tests import narrow
from tests.cases import case_id, write_case, write_cohort
from tests.core.jobs.studies_to_segment import NAME, brought, queued
from tests.pages.segment.page import NOBODY, buttons, done, mine, opened, words


def ticked(app: AppTest, *names: str) -> list[str]:
    return [box.label for box in app.checkbox if box.label in names and box.value]


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


def test_a_case_for_which_there_is_no_place_leaves_no_upload_behind(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_folder(place, write_cohort(tmp_path / "files" / "small", 1), "small")
    monkeypatch.setattr(limits, "MAX_STUDIES_WAITING", 0)
    app = opened()
    buttons(app)["Segment this case"].click().run()
    assert "bring this one when some are done" in words(app)
    assert list(uploads_folder(place).iterdir()) == []


def test_studies_are_told_apart_by_case_model_and_age(place: Workspace, tmp_path: Path) -> None:
    done(place, tmp_path)
    mine(place, tmp_path / "another")
    said = words(opened()).replace("\\", "")
    assert re.search(r"BraTS-TST-00001-000 · .+ · done · 0 min ago", said)
    assert "a study · waiting · 0 min ago" in said


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
    app.run()
    assert app.get("download_button"), "and stays while the reader scrolls on"


def test_a_format_that_does_not_fit_a_study_cannot_be_pressed_and_says_why(place: Workspace, tmp_path: Path) -> None:
    found = {button.key: button for button in opened(done(place, tmp_path).id).button}
    formats = {key.split()[1]: button for key, button in found.items() if str(key).startswith("make ")}
    shut = {name for name, button in formats.items() if button.disabled}
    assert shut == {"dicom-seg", "rtstruct"}, "of NIfTI files"
    for name, button in formats.items():
        assert ("was not read from DICOM" in button.help) == (name in shut), name


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


@pytest.mark.slow
def test_several_models_are_asked_for_their_mean(place: Workspace, tmp_path: Path) -> None:
    narrow.checkpoint(place.made_checkpoint("another"), seed=1)
    app = opened(done(place, tmp_path).id)
    assert ticked(app, NAME, "another") == [NAME]
    next(box for box in app.checkbox if box.label == "another").check().run()
    (planes,) = (box for box in app.checkbox if box.label == "Mean over three planes")
    assert planes.disabled, "voxels of 1 x 1.5 x 2 mm"
    assert "mean of 2 models" in words(app)
    buttons(app)["Segment again"].click().run()
    assert not app.exception
    taken = queue.claim(place, "cpu")
    assert taken is not None
    Worker(place, "cpu").do(taken)
    assert taken.status.state == "done", taken.status.message
    assert taken.asked.checkpoint == f"another,{NAME}"
    again = opened(taken.id)
    assert ticked(again, NAME, "another") == ["another", NAME]
    assert buttons(again)["Segment again"].disabled, "nothing is another than it was"


@pytest.mark.slow
def test_models_without_a_mean_say_so_and_a_refusal_leaves_no_upload(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow.checkpoint(place.made_checkpoint("other"), 1, narrow.spec(thresholds=(100, 128, 128)))
    app = opened(done(place, tmp_path).id)
    box = next(box for box in app.checkbox if box.label == "other")
    box.check().run()
    assert "has other thresholds than" in words(app)
    assert "leave one of the two out" in words(app)
    assert buttons(app)["Segment again"].disabled
    monkeypatch.setattr(limits, "MAX_STUDIES_WAITING", 0)
    next(box for box in app.checkbox if box.label == NAME).uncheck().run()
    buttons(app)["Segment again"].click().run()
    assert not app.exception
    assert ["wait" in error.value for error in app.error] == [True]
    assert len(segmentations(place)) == 1
    assert not list(uploads_folder(place).glob("*")), "what was to be segmented again was not brought for nothing"


def test_a_raw_study_shows_its_series_its_steps_and_why_it_stands_still(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = mine(place, tmp_path)
    taken = queue.claim(place, "cpu")
    assert taken is not None
    steps = StudySteps(taken)
    image = plain_image(np.arange(8 * 8 * 3).reshape(1, 8, 8, 3), Grid((8, 8, 3), np.diag([1.0, 1.0, 5.0, 1.0])))
    found = Finding("note", "raw_study", "", "", "a study as a scanner leaves it: 2 series on 2 grids", "", "")
    images = {"t1c": image, "t2f": image}
    case = Case("one", "one", "one", "patient", {})
    steps.raw(RawStudy(case, images, (found,), ("align t2f with t1c", "find the brain")))
    steps.step("align t2f with t1c")
    steps.step("find the brain in t1c and t2f")
    monkeypatch.setattr(standstill, "_looked", {place.root: (math.inf, standstill.FULL)})
    app = opened(job.id)
    said = words(app).replace("\\", "")
    assert "**As the scanner left it** :gray[2 series on 2 grids]" in said
    assert "**FLAIR**  \n8×8×3 · 1 × 1 × 5 mm" in said
    marks = [line.strip()[:40] for line in said.splitlines() if line.startswith((":green[✓]", ":blue[▸]", ":gray[○"))]
    assert [line.partition(" ")[0] for line in marks] == [":green[✓]", ":green[✓]", ":blue[▸]", *[":gray[○"] * 3]
    assert re.match(r":green\[✓\] Align FLAIR with T1c :gray\[\d+\.\d", marks[1])
    assert marks[2].startswith(":blue[▸] **Find the brain in T1c and")
    assert "The disk of the workspace is full" in said


def test_the_model_that_reads_most_of_the_study_stands_first_and_those_that_ship_last(place: Workspace) -> None:
    narrow.checkpoint(place.made_checkpoint("alone"), 1, narrow.spec(modalities=("t2f",)))
    every = ["t1n", "t1c", "t2w", "t2f"]
    fitting = [offer.name for offer in offers(every) if not offer.why_not]
    assert fitting[:2] == [NAME, "alone"]
    assert set(fitting[2:]) == set(shipped_names())
    assert fitting_checkpoint(place, every).name == NAME, "and that one is taken where nobody chooses"
    assert fitting_checkpoint(place, ["t2f"]).name == "alone"


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
