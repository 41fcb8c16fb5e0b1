"""A workspace for the Train page whose trainings are only said to start."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.splitting import make_split
from core.training.foresight.preflight import Forecast
from core.workspace import Workspace
from tests.pages.train.page import FITS


@pytest.fixture
def small(imported: Path, workspace_dir: Path) -> Workspace:
    """Four patients, not split yet, in this test's own workspace."""
    shutil.copytree(imported, workspace_dir, dirs_exist_ok=True)
    return Workspace(workspace_dir)


@pytest.fixture
def split(small: Workspace) -> Workspace:
    """Four patients, two of them for training."""
    make_split(small, "small", "default", None, "70/15/15", 0)
    return small


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Run and device of every training that the page starts; none of them really is."""
    calls: list[tuple[str, str]] = []
    for module in ("core.jobs.trainings", "pages.parts.training.run_buttons"):
        monkeypatch.setattr(f"{module}.enqueue", lambda _place, run, device: calls.append((run, device)))
    return calls


@pytest.fixture(autouse=True)
def foreseen(monkeypatch: pytest.MonkeyPatch) -> list[Forecast | str | None]:
    """What preflight answers, its last entry; measuring a network for each of these tests would take minutes."""
    answers: list[Forecast | str | None] = [FITS]
    monkeypatch.setattr("pages.parts.training.checks.foresee", lambda *_: answers[-1])
    return answers
