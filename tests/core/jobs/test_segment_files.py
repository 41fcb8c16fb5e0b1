"""From files to a mask file: the tumour is written where it lies, whatever way the scan runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest
import SimpleITK
import torch

from core.checkpoints import Checkpoint
from core.data.layouts import read_layout
from core.errors import RefusedError
from core.importing import ImportChoices
from core.inference.device import Compute
from core.inference.predictor import Predictor
from core.inference.segment import Segmenter
from core.jobs.segment_files import Segmentation, segment_case, volumes_ml
from core.labels import scheme_named
from core.volume import Box
from core.workspace import Workspace
from tests import narrow
from tests.cases import AFFINES, write_case
from tests.core.export.test_nifti import assert_same_grid, oblique
from tests.core.test_volume import affine_running

CPU = Compute("cpu", bf16=False, channels_last=False)
SHAPE = (26, 24, 16)
MARKER = (9, 15, 6)  # a voxel of the files, inside the head


class MarkerFinder(torch.nn.Module):
    """Finds the one voxel that is brighter than all others, as every region."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return ((images[:, :1] > 10).float() * 18 - 9).expand(-1, 3, -1, -1)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return narrow.checkpoint(tmp_path / "checkpoint", inference=narrow.spec(modalities=("t2f",)))


def segment(
    workspace: Workspace, folder: Path, checkpoint: Checkpoint, scheme: str | None = None, model: Any = None
) -> Segmentation:
    segmenter = Segmenter(workspace, CPU)
    if model is not None:
        segmenter._predictors[checkpoint.id] = Predictor(model, checkpoint.spec, CPU)
    (case,) = read_layout(folder).cases
    return segment_case(
        segmenter, case, checkpoint, folder / "out", ImportChoices(scheme=scheme and scheme_named(scheme))
    )


def write_marked(folder: Path, affine: npt.NDArray[np.float64], **forms: int) -> Path:
    """Write a case of dim noise with one bright voxel in FLAIR, and return that file."""
    write_case(folder, "a", 1, healthy=True, affine=affine, suffix=".nii", **forms)
    path = folder / "a" / "a-t2f.nii"
    image = nib.load(path)
    voxels = np.asarray(image.dataobj).copy()
    voxels[MARKER] = 30_000
    nib.save(nib.Nifti1Image(voxels, None, image.header), path)
    return path


@pytest.mark.parametrize(
    ("affine", "forms"),
    [
        (AFFINES["RAS"], {}),
        (AFFINES["LPS"], {}),
        (affine_running("PIR"), {}),
        (affine_running("SLA"), {"sform": 2, "qform": 1}),
        (oblique(), {"sform": 0, "qform": 1}),
        (oblique(), {"sform": 1, "qform": 0}),
    ],
    ids=["RAS", "LPS", "PIR", "SLA", "oblique, qform only", "oblique, sform only"],
)
def test_a_marker_in_a_scan_is_segmented_on_its_voxel_and_its_mm(
    workspace: Workspace, tmp_path: Path, checkpoint: Checkpoint, affine: npt.NDArray[np.float64], forms: dict[str, int]
) -> None:
    """Through reading, turning, cropping, slicing, padding, the network, and all the way back."""
    image = write_marked(tmp_path / "scan", affine, **forms)
    made = segment(workspace, tmp_path / "scan", checkpoint, model=MarkerFinder())
    assert made.file.name == "a_seg.nii.gz"
    assert_same_grid(image, made.file)
    labels = np.asarray(nib.load(made.file).dataobj)
    assert np.argwhere(labels).tolist() == [list(MARKER)]
    assert labels[MARKER] == 3
    scan, mask = SimpleITK.ReadImage(str(image)), SimpleITK.ReadImage(str(made.file))
    point = scan.TransformIndexToPhysicalPoint(MARKER)
    assert mask.GetPixel(mask.TransformPhysicalPointToIndex(point)) == 3


@pytest.mark.parametrize("folder", ["brats_africa", "brats_2021"])
def test_the_mask_of_a_real_scan_lies_on_the_scan(
    workspace: Workspace, real_data: Path, tmp_path: Path, checkpoint: Checkpoint, folder: str
) -> None:
    case = read_layout(real_data / folder).cases[0]
    made = segment_case(Segmenter(workspace, CPU), case, checkpoint, tmp_path)
    assert_same_grid(case.sources["t1n"].file, made.file)
    labels = np.asarray(nib.load(made.file).dataobj)
    assert set(np.unique(labels)) <= {0, 1, 2, 3}
    scan = np.stack([np.asarray(nib.load(source.file).dataobj) for source in case.sources.values()])
    box = Box.around((scan != 0).any(axis=0))
    assert box is not None
    assert np.count_nonzero(box.crop(labels)) == np.count_nonzero(labels) > 0


def test_labels_are_written_in_the_scheme_that_was_asked_for(
    workspace: Workspace, tmp_path: Path, checkpoint: Checkpoint
) -> None:
    write_marked(tmp_path / "scan", AFFINES["RAS"])
    made = segment(workspace, tmp_path / "scan", checkpoint, "brats-2021", MarkerFinder())
    assert np.asarray(nib.load(made.file).dataobj)[MARKER] == 4


def test_a_scheme_with_other_regions_is_refused(workspace: Workspace, tmp_path: Path, checkpoint: Checkpoint) -> None:
    write_case(tmp_path / "scan", "a", 1)
    with pytest.raises(RefusedError, match="the checkpoint predicts WT, TC, ET; binary has foreground: choose another"):
        segment(workspace, tmp_path / "scan", checkpoint, "binary")


def test_volumes_and_seconds_are_told(workspace: Workspace, tmp_path: Path, checkpoint: Checkpoint) -> None:
    """One voxel of 1 x 1.5 x 2 mm is 0.003 ml."""
    write_marked(tmp_path / "scan", AFFINES["RAS"])
    made = segment(workspace, tmp_path / "scan", checkpoint, model=MarkerFinder())
    assert made.volumes_ml == pytest.approx({"WT": 0.003, "TC": 0.003, "ET": 0.003})
    assert list(made.seconds) == ["load", "forward", "postprocess", "write"]
    assert made.to_json()["case"] == "a"


def test_volumes_by_hand() -> None:
    mask = np.array([0b001, 0b011, 0b111, 0], np.uint8).reshape(2, 2, 1)
    assert volumes_ml(mask, ("WT", "TC", "ET"), 0.5) == {"WT": 1.5, "TC": 1.0, "ET": 0.5}
    assert volumes_ml(mask, ("WT", "TC", "ET"), None) == {"WT": None, "TC": None, "ET": None}
