"""A small imported cohort, trainings in this process, and a disk so small that it is soon full."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.training.runs.run_folder import RunFolder
from core.workspace import Workspace
from tests.core.conftest import cohort_files, imported_once, small, workspace
from tests.core.training.conftest import _signals_as_before
from tests.small_disk import mounted

__all__ = ["_signals_as_before", "cohort_files", "imported_once", "small", "workspace"]

PAGE = 4096
SIZE_MIB = 24


class SmallDisk:
    """A disk of its own with a workspace on it.

    Attributes:
        workspace: with the small cohort.
    """

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace(folder / "workspace")
        self._filler = folder / "filler"

    def fill(self, leaving: int) -> None:
        """Take all room but `leaving` pages."""
        with self._filler.open("ab", buffering=0) as stream, contextlib.suppress(OSError):
            while True:
                stream.write(bytes(PAGE))
        room = os.statvfs(self._filler)
        assert room.f_bavail == 0
        os.truncate(self._filler, self._filler.stat().st_size - leaving * PAGE)

    def make_room(self) -> None:
        self._filler.unlink()


@pytest.fixture
def small_disk(tmp_path: Path, imported_once: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDisk]:
    """A disk in memory; where none may be mounted the test is skipped."""
    with mounted(tmp_path / "disk", SIZE_MIB) as folder:
        shutil.copytree(imported_once, folder / "workspace")
        monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(folder / "workspace"))
        yield SmallDisk(folder)


def measured(run: RunFolder) -> list[dict[str, Any]]:
    """Return what a run has measured: no notes, and nothing of how long it took."""
    return [
        {name: value for name, value in record.items() if name != "slices_per_s"}
        for record in run.metrics()
        if record["kind"] != "note"
    ]


def last_weights(run: RunFolder) -> bytes:
    """Return the bytes of a run's last weights."""
    last = run.pointed("last")
    assert last is not None
    return (last / "weights.safetensors").read_bytes()


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make the disk that holds a folder read-only for a while."""
    disk = next(path for path in (folder, *folder.parents) if path.is_mount())
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
