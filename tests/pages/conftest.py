"""What the tests of the pages share."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.importing import import_folder
from core.workspace import Workspace
from tests.cases import write_cohort


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with four patients, not split; not to be changed."""
    folder = tmp_path_factory.mktemp("train")
    import_folder(Workspace(folder / "workspace"), write_cohort(folder / "small", 4), "small")
    return folder / "workspace"
