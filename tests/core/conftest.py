"""What the tests of core share: a small cohort as files, imported, and split."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.importing import import_folder
from core.jobs import queue
from core.splitting import make_split
from core.training.start import create_run, plan_run
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import write_cohort
from tests.core.jobs.stand_ins import Made, Trainings

PATIENTS = 6


@pytest.fixture
def workspace(workspace_dir: Path) -> Workspace:
    """An empty workspace of this test's own."""
    return Workspace(workspace_dir)


@pytest.fixture(scope="session")
def light(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Path:
    """The Python of a new venv that holds requirements-light.txt and nothing else."""
    folder = tmp_path_factory.mktemp("light") / "venv"
    uv = Path(sys.executable).with_name("uv")
    python = folder / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", "requirements-light.txt"],
        cwd=repo_root,
        check=True,
    )
    return python


@pytest.fixture(scope="session")
def cohort_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six made-up patients as files; not to be changed."""
    return write_cohort(tmp_path_factory.mktemp("files") / "small", PATIENTS)


@pytest.fixture(scope="session")
def imported_once(cohort_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which the six are imported as `small` and split 4/1/1; not to be changed."""
    root = tmp_path_factory.mktemp("imported") / "workspace"
    import_folder(Workspace(root), cohort_files, "small")
    make_split(Workspace(root), "small", "default", None, "70/15/15", 0)
    return root


@pytest.fixture
def small(imported_once: Path, workspace: Workspace) -> Cohort:
    """The cohort `small`, imported and split, in this test's own workspace."""
    shutil.copytree(imported_once, workspace.root, dirs_exist_ok=True)
    return workspace.cohort("small")


@pytest.fixture
def made(workspace: Workspace, small: Cohort) -> Made:
    """Make a run that is not started."""
    recipe = narrow.recipe()
    plan = plan_run(workspace, recipe, "small", "default", None)
    return lambda: create_run(workspace, recipe, plan)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainings]:
    """What the queue starts instead of trainings."""
    kept = Trainings()
    monkeypatch.setattr(queue, "start_process", kept.start)
    yield kept
    for process in kept.processes.values():
        process.kill()
        process.wait()
