"""A workspace whose numbers are known: six made-up patients, three models whose masks are the reference, moved."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.checkpoints import Checkpoint, read_checkpoint, shipped_names
from core.data.load import load_regions
from core.importing import import_folder
from core.inference.prediction import Prediction
from core.inference.segment import prediction_folder
from core.jobs.score_masks import KINDS
from core.volume import Box
from core.workspace import SHIPPED_CHECKPOINTS, Workspace
from tests.cases import case_id, write_cohort

PATIENTS = 6
FAR = (3, 12, 8)  # a corner of the head where no tumour is
INVENTED = 2 * 2 * 2


def shipped() -> dict[str, Checkpoint]:
    """The shipped models, by name."""
    return {name: read_checkpoint(SHIPPED_CHECKPOINTS / name) for name in shipped_names()}


@pytest.fixture(scope="session")
def compared_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model number m moves patient p's reference by m voxels along x and p modulo 2 along z.

    The first model also invents a lesion of two voxels a side in the first patient.
    """
    root = tmp_path_factory.mktemp("compared")
    workspace = Workspace(root / "workspace")
    cohort = import_folder(workspace, write_cohort(root / "files" / "small", PATIENTS), "small").cohort
    for patient, entry in enumerate(cohort.cases.values()):
        assert entry.case.reference is not None
        reference, _ = load_regions(entry.case.reference, cohort.scheme, entry.grid)
        for number, checkpoint in enumerate(shipped().values(), 1):
            bits = np.roll(reference, (number, 0, patient % 2), axis=(0, 1, 2))
            if number == 1 and patient == 0:
                x, y, z = FAR
                bits[x : x + 2, y : y + 2, z : z + 2] = 1
            sure = np.stack([(bits >> bit & 1) * np.uint8(255) for bit in range(3)])
            made = Prediction(
                sure, Box.whole(bits.shape), bits.shape, checkpoint.spec.regions, (128,) * 3, checkpoint.id
            )
            made.save(prediction_folder(workspace, checkpoint, entry.content))
            for kind in KINDS.values():  # a page leaves to another process what takes long, and a busy machine is slow
                kind.compute(workspace, cohort, entry.case.case_id, checkpoint)
    return workspace.root


@pytest.fixture
def compared(compared_once: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """That workspace; what a test computes in it stays for the next."""
    monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(compared_once))
    return Workspace(compared_once)


@pytest.fixture
def one_missing(compared_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A copy in which the first model has not segmented the last patient."""
    workspace = Workspace(shutil.copytree(compared_once, tmp_path / "workspace"))
    entry = workspace.cohort("small").cases[case_id(PATIENTS)]
    shutil.rmtree(prediction_folder(workspace, next(iter(shipped().values())), entry.content))
    monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(workspace.root))
    return workspace
