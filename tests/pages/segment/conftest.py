"""A workspace whose studies nobody segments but the test itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.jobs import segmentation_queue as queue
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import Workers, with_checkpoint


@pytest.fixture
def place(workspace_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    yield with_checkpoint(Workspace(workspace_dir))
    kept.kill()
