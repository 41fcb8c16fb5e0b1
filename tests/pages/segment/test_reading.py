"""What is read off a study: no digit cut off, sequences by their titles, pixels called pixels, lesions gone to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from core.atomic import read_json, write_json
from core.jobs import segmentation_queue as queue
from core.jobs.segmentations import SegmentationJob, SegmentationRequest
from core.jobs.slice_questions import waiting
from core.jobs.worker import Worker
from core.workspace import Workspace
from pages.parts.compare.grid import Cell, grid_html
from pages.parts.segment.sequences import titled
from tests import narrow
from tests.core.jobs.studies_to_segment import brought
from tests.pages.segment.page import NOBODY, done, mine, opened, words

if TYPE_CHECKING:
    from playwright.sync_api import Page

# CSS pixels of the column of numbers, whatever the fonts, narrower than in a window of 1280
COLUMN_PX = 190
ROWS = [[Cell("Enhancing tumour", colour="#f0e442"), Cell("166.7", bold=True), "101 × 57"]]


def test_no_digit_of_a_diameter_is_cut_off_in_a_narrow_column(page: Page) -> None:
    def overflows(html: str) -> bool:
        page.set_content(f'<div style="width:{COLUMN_PX}px;font-family:sans-serif">{html}</div>')
        found: bool = page.locator("div div").evaluate("table => table.scrollWidth > table.clientWidth")
        return found

    assert not overflows(grid_html(["", "ml", "mm"], ROWS, wraps=True))
    assert overflows(grid_html(["", "ml", "mm"], ROWS)), "or this could not fail"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("t2f looks unlike the training data's.", "FLAIR looks unlike the training data's."),
        ("the checkpoint also reads t1n, t2w", "the checkpoint also reads T1, T2"),
        ("BraTS-TST-00001-000-t1c.nii.gz is damaged", "BraTS-TST-00001-000-t1c.nii.gz is damaged"),
        ("without t1c.", "without T1c."),
    ],
)
def test_a_sentence_calls_sequences_as_readers_do_and_files_as_they_are(said: str, shown: str) -> None:
    assert titled(said) == shown


def test_why_a_study_failed_names_sequences_by_their_titles(place: Workspace, tmp_path: Path) -> None:
    job = mine(place, tmp_path)
    assert queue.claim(place, "cpu") is not None
    queue.finish(place, job, "failed", "it has t1c; the checkpoint also reads t2f: add the sequence")
    assert "it has T1c; the checkpoint also reads FLAIR: add the sequence" in words(opened(job.id)).replace("\\", "")


def test_only_what_the_model_reads_can_be_switched_off(place: Workspace, tmp_path: Path) -> None:
    job = done(place, tmp_path)
    narrow.checkpoint(place.made_checkpoint("two"), inference=narrow.spec(modalities=("t1c", "t2f")))
    shows(job, checkpoint="two")
    (pills,) = opened(job.id).get("button_group")[:1]
    assert [option.content for option in pills.proto.options] == ["no T1c", "no FLAIR"]


@pytest.mark.parametrize(("spacing_mm", "line"), [([1.0, 1.0, 1.0], "WT 12.0 → 3.0 cm²"), (None, "WT 12 → 3 pixels")])
def test_an_answer_without_voxel_sizes_counts_pixels(
    place: Workspace, tmp_path: Path, spacing_mm: list[float] | None, line: str
) -> None:
    job = done(place, tmp_path)
    shows(job, spacing_mm=spacing_mm)
    app = opened(job.id)
    (mirrored,) = (box for box in app.checkbox if box.label == "mirrored")
    mirrored.check().run()
    (asked,) = waiting(place, "cpu")
    change = {"before_cm2": 12.0, "after_cm2": 3.0, "dice": 0.4}
    write_json(job.folder / "answers" / asked.name, {"slice": 0, "models": 1, "drawn": [], "regions": {"WT": change}})
    app.run()
    assert not app.exception
    assert line in words(app)


def shows(job: SegmentationJob, **changed: Any) -> None:
    """Have a study's view say something else."""
    write_json(job.folder / "view.json", read_json(job.folder / "view.json") | changed)


def test_a_picture_is_one_panel_measured_in_pixels_and_says_which_of_several_it_is(
    place: Workspace, tmp_path: Path
) -> None:
    regions = {"regions": ("foreground",), "scheme": "binary", "thresholds": (128,)}
    spec = narrow.spec(modalities=("image",), preparing="minmax", **regions)
    narrow.checkpoint(place.made_checkpoint("pictures"), inference=spec)
    files = [tmp_path / f"slice_{number}.png" for number in (1, 2)]
    for number, file in enumerate(files):
        blocks = np.random.default_rng(number).integers(60, 256, (4, 5)).astype(np.uint8)
        Image.fromarray(np.kron(blocks, np.ones((8, 8), np.uint8))).save(file)
    asked = SegmentationRequest(checkpoint="pictures", device="cpu", owner=NOBODY)
    job = queue.submit(place, brought(place, *files), asked)
    taken = queue.claim(place, "cpu")
    assert taken is not None
    Worker(place, "cpu").do(taken)
    assert job.status.state == "done", job.status.message
    app = opened(job.id)
    assert "one of 2 cases; what you take away holds all of them" in words(app)
    viewers = [json.loads(each.proto.json) for each in app.get("bidi_component")]
    (panels,) = [viewer["panels"] for viewer in viewers if "panels" in viewer]
    assert [(panel["title"], panel["plane"]) for panel in panels] == [("Picture", "axial")]
    tables = " ".join(str(html.proto) for html in app.get("html"))
    assert "pixels across" in tables
    assert "voxels" not in tables


def test_a_mask_of_nothing_says_so(place: Workspace, tmp_path: Path) -> None:
    job = done(place, tmp_path)
    measured = read_json(job.folder / "view.json")["measured"]
    for region in measured["regions"].values():
        region |= {"voxels": 0, "ml": 0.0, "diameters": None}
    shows(job, measured=measured)
    assert "The model marked nothing." in words(opened(job.id))


def test_of_a_study_that_failed_nothing_is_left_to_take_away(place: Workspace, tmp_path: Path) -> None:
    job = mine(place, tmp_path)
    assert queue.claim(place, "cpu") is not None
    queue.finish(place, job, "failed", "its files hold no picture; bring others")
    said = words(opened(job.id))
    assert "Its files are deleted already" in said
    assert "Take away" not in said
