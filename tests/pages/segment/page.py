"""Segment without a browser, and studies for it in each of their states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from core.jobs import segmentation_queue as queue
from core.jobs.segmentations import SegmentationJob
from core.jobs.uploads import owner_of
from core.jobs.worker import Worker
from core.workspace import PROJECT, Workspace
from tests.core.jobs.studies_to_segment import queued

SHELL = PROJECT / "pages" / "shell.py"
NOBODY = owner_of("")  # the browser without a cookie, which is the one that these tests are


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
