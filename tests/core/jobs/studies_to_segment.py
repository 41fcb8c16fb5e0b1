"""Studies for the queue: small uploads, a tiny checkpoint, and workers that only say that they were started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.jobs.arriving import ArrivingUpload
from core.jobs.segmentation_queue import submit
from core.jobs.segmentations import SegmentationJob, SegmentationRequest
from core.jobs.uploads import Upload
from core.workspace import Workspace
from tests import narrow
from tests.cases import case_id, write_case

NAME = "narrow"


def with_checkpoint(workspace: Workspace) -> Workspace:
    """Put a tiny checkpoint called `narrow` into a workspace."""
    narrow.checkpoint(workspace.made_checkpoint(NAME))
    return workspace


def brought(workspace: Workspace, *files: Path) -> Upload:
    """Return an upload of files, as a form brings them."""
    arriving = ArrivingUpload(workspace)
    for file in files:
        arriving.begin(file.name)
        arriving.write(file.read_bytes())
    return arriving.finish()


def study_files(folder: Path, patient: int = 1) -> list[Path]:
    """Write one patient's four sequences."""
    return sorted(write_case(folder, case_id(patient), patient, suffix=".nii", without=("seg",)).iterdir())


def queued(workspace: Workspace, folder: Path, patient: int = 1, **request: object) -> SegmentationJob:
    """Put one patient's study into the queue."""
    upload = brought(workspace, *study_files(folder, patient))
    return submit(workspace, upload, SegmentationRequest(**({"checkpoint": NAME, "device": "cpu"} | request)))  # type: ignore[arg-type]


class Workers:
    """Processes that stand in for workers, which take seconds to begin; none of them takes a study."""

    def __init__(self) -> None:
        self.devices: list[str] = []
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, _workspace: Workspace, module: str, arguments: list[str], _output: Path) -> int:
        assert (module, arguments[0]) == ("core.jobs.worker", "--device")
        self.devices.append(arguments[1])
        self.processes.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]))
        return self.processes[-1].pid

    def kill(self) -> None:
        """Kill those that were started, as an administrator would."""
        for process in self.processes:
            process.kill()
            process.wait()
