"""Segment without a browser: slices and time left while it works, and questions to a model that let the study go."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.jobs import segmentation_queue as queue
from core.jobs.slice_questions import waiting
from core.jobs.worker import Worker
from core.workspace import Workspace
from tests.pages.segment.page import done, mine, opened, words


def test_slices_done_and_time_left_stand_on_the_page(place: Workspace, tmp_path: Path) -> None:
    job = mine(place, tmp_path)
    queue.claim(place, "cpu")
    status = job.status
    status.label, status.done, status.total = "segmenting", 40, 141
    status.slices_done, status.slices_total, status.left_s = 40, 141, 7200.0
    job.write(status)
    (bar,) = (each for each in opened(job.id).get("progress") if "segmenting" in each.proto.text)
    assert "segmenting · 40 of 141 slices · 120 min left" in bar.proto.text


@pytest.mark.slow
def test_a_model_that_let_the_study_go_is_waited_for_and_answers(place: Workspace, tmp_path: Path) -> None:
    app = opened(done(place, tmp_path).id)
    (mirrored,) = (box for box in app.checkbox if box.label == "mirrored")
    mirrored.check().run()
    assert not app.exception
    assert "Asking the model" in words(app)
    assert waiting(place, "cpu")
    Worker(place, "cpu")._answer()
    app.run()
    assert not app.exception
    said = words(app)
    assert "as it is above, changed below." in said
    assert "segment it again" not in said
