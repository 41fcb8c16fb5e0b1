"""What both viewers show: one BraTS-Africa case, its reference and what three shipped models make of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.checkpoints import resolve_checkpoint, shipped_names
from core.data.load import load_regions
from core.export.nifti import write_label_map
from core.importing import import_folder
from core.inference.device import choose_compute
from core.inference.segment import Segmenter
from core.volume import Grid
from core.workspace import Workspace

COHORT = "africa"


@dataclass(frozen=True, slots=True)
class Shown:
    """A case in a workspace and as files.

    Attributes:
        workspace: with the case imported and segmented.
        case_id: of the case.
        models: names of the checkpoints.
        image: T1c as it came, `.nii.gz`.
        masks: reference, one mask per model, and the first model's errors, as `.nii.gz` label maps.
        shape: voxels.
    """

    workspace: Workspace
    case_id: str
    models: tuple[str, ...]
    image: Path
    masks: tuple[Path, ...]
    shape: tuple[int, ...]


def prepare(source: Path, scratch: Path) -> Shown:
    """Import a case, segment it with the shipped models and write what a viewer of files needs."""
    folder = scratch / "source"
    shutil.copytree(source, folder / source.name)
    workspace = Workspace(scratch / "workspace")
    import_folder(workspace, folder, COHORT)
    cohort = workspace.cohort(COHORT)
    entry = cohort.cases[source.name]
    segmenter = Segmenter(workspace, choose_compute("cpu", fast=False))
    models = tuple(shipped_names())
    assert entry.case.reference is not None
    reference, _ = load_regions(entry.case.reference, cohort.scheme, entry.grid)
    checkpoints = [resolve_checkpoint(workspace, name) for name in models]
    predicted = [segmenter.segment_stored(cohort, source.name, each).mask() for each in checkpoints]
    errors = ((reference & 1) ^ (predicted[0] & 1)).astype(np.uint8)
    bits = [reference, *predicted, errors]
    masks = [scratch / f"mask-{index}.nii.gz" for index in range(len(bits))]
    for path, each in zip(masks, bits, strict=True):
        write_label_map(path, _label_map(each), Grid(entry.grid.shape, entry.grid.affine))
    image = scratch / "t1c.nii.gz"
    shutil.copy(entry.case.sources["t1c"].files[0], image)
    return Shown(workspace, source.name, models, image, tuple(masks), tuple(reference.shape))


def _label_map(bits: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Paint regions over each other: 1 whole tumour, 2 core, 3 enhancing."""
    labels = np.zeros(bits.shape, np.uint8)
    for region in range(3):
        labels[(bits >> region) & 1 == 1] = region + 1
    return labels
