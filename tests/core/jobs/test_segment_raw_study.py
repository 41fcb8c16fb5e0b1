"""A study as the scanner left it: noticed, brought onto one grid, segmented, its mask carried back to each series."""

from __future__ import annotations

import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch

from benchmarks.inference.raw_study import whole_tumour_dice
from core.checkpoints import Checkpoint, resolve_checkpoint
from core.data.load import read_files
from core.data.refusal import InputRefusedError
from core.errors import Cancelled
from core.harmonise.quality import dice
from core.importing import ImportChoices, read_study
from core.inference.device import Compute, choose_compute
from core.inference.predictor import Predictor
from core.inference.segment import Segmenter
from core.jobs.segment_files import Segmentation, segment_case
from core.workspace import Workspace
from tests import narrow
from tests.core.harmonise.phantom import inside, places
from tests.core.jobs.raw_studies import FIXED, MODALITIES, MOTION, MOVING, raw_study

CPU = Compute("cpu", bf16=False, channels_last=False)


class Bright(torch.nn.Module):
    """Finds what is brighter in T1c than the rest of the brain, as every region."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return ((images[:, :1] - 1.2) * 20).expand(-1, 3, -1, -1)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    raw_study(folder)
    return folder


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return narrow.checkpoint(tmp_path / "made", inference=narrow.spec(modalities=MODALITIES))


@pytest.fixture
def segmenter(workspace: Workspace, checkpoint: Checkpoint) -> Segmenter:
    found = Segmenter(workspace, CPU, keep=False)
    found._predictors[checkpoint.id] = Predictor(Bright(), checkpoint.spec, CPU)
    return found


def segment(segmenter: Segmenter, study: Path, checkpoint: Checkpoint, out: Path, **more: object) -> Segmentation:
    (case,) = read_study(study, ImportChoices()).cases
    return segment_case(segmenter, case, checkpoint, out, **more)  # type: ignore[arg-type]


@pytest.mark.slow
def test_each_series_gets_the_lesion_where_it_lies_in_it(
    segmenter: Segmenter, study: Path, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    steps: list[str] = []
    made = segment(segmenter, study, checkpoint, tmp_path / "out", on_step=lambda what, _d, _t: steps.append(what))
    assert [finding.code for finding in made.findings] == ["raw_study", "already_stripped"]
    assert set(made.series) == {"t1c", "t2f"}
    for name, (on, motion) in {"t1c": (FIXED, None), "t2f": (MOVING, MOTION)}.items():
        image = nib.load(made.series[name].file)
        np.testing.assert_allclose(image.affine, on.affine, atol=1e-4)
        found = np.asarray(image.dataobj) != 0
        truth = inside("lesion", places(on, motion))
        assert dice(found, truth) > 0.85, name
        # 9 ml in voxels of 20 and 29 mm3
        assert made.series[name].volumes_ml["WT"] == pytest.approx(made.volumes_ml["WT"], rel=0.2), name
    common = nib.load(made.file)
    np.testing.assert_allclose(common.header.get_zooms(), 1)
    assert steps[0] == "read the files"
    assert "align t2f with t1c" in steps
    assert steps[-2:] == ["carry the mask back to t1c, t2f", "write"]
    assert set(made.seconds) >= {"load", "align t2f with t1c", "forward", "carry back", "write"}
    assert made.to_json()["series"]["t2f"]["file"] == made.series["t2f"].file.name


def test_left_as_it_is_the_study_is_refused_for_its_grids(
    segmenter: Segmenter, study: Path, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    with pytest.raises(InputRefusedError) as refused:
        segment(segmenter, study, checkpoint, tmp_path / "out", as_is=True)
    assert [finding.code for finding in refused.value.findings] == ["grid_mismatch"]


@pytest.mark.parametrize("step", ["read the files", "resample t1c", "find", "segment", "carry the mask", "write"])
@pytest.mark.slow
def test_at_every_step_it_can_be_stopped_and_leaves_nothing(
    segmenter: Segmenter, study: Path, checkpoint: Checkpoint, tmp_path: Path, step: str
) -> None:
    told: list[str] = []

    def stop(what: str, _done: int, _total: int) -> bool:
        told.append(what)
        return what.startswith(step) or (step == "find" and what.startswith("keep"))

    with pytest.raises(Cancelled):
        segment(segmenter, study, checkpoint, tmp_path / "out", on_step=stop)
    assert told, "it was asked"
    assert not list((tmp_path / "out").rglob("*"))


@pytest.fixture(scope="module")
def trained() -> Checkpoint:
    """A checkpoint that was trained on other patients: its name or folder stands in the environment."""
    reference = os.environ.get("SEGSCOPE_TUMOUR_CHECKPOINT")
    if not reference:
        pytest.skip("set SEGSCOPE_TUMOUR_CHECKPOINT to a folder, or to a run of $SEGSCOPE_WORKSPACE, trained on BraTS")
    return resolve_checkpoint(Workspace.default(), reference)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_real_study_gets_a_mask_on_every_series_grid(real_data: Path, workspace: Workspace, tmp_path: Path) -> None:
    """Geometry alone: the network is a rule that calls the bright part of FLAIR a tumour. Nothing is trained."""
    raw = real_data / "clinical_study" / "TCGA-FG-6692" / "raw"
    (case,) = read_study(raw, ImportChoices()).cases
    made_up = narrow.checkpoint(tmp_path / "made", inference=narrow.spec(modalities=("t2f", "t1n", "t1c", "t2w")))
    segmenter = Segmenter(workspace, CPU, keep=False)
    segmenter._predictors[made_up.id] = Predictor(Bright(), made_up.spec, CPU)
    made = segment_case(segmenter, case, made_up, tmp_path / "out")
    whole_ml = made.volumes_ml["WT"]
    assert whole_ml is not None
    for name, image in read_files(case, reference=False).images.items():
        mask = nib.load(made.series[name].file)
        assert mask.shape == image.grid.shape
        np.testing.assert_allclose(mask.affine, image.grid.affine, atol=1e-3)
        assert made.series[name].volumes_ml["WT"] == pytest.approx(whole_ml, rel=0.15)
    values = np.asarray(nib.load(case.sources["t2f"].file).dataobj)
    bright = np.asarray(nib.load(made.series["t2f"].file).dataobj) != 0
    # fat and skin are bright too, and not in the mask
    assert values[bright].mean() > 1.1 * values[values > values.mean()].mean(), "it lies on the bright part"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_real_study_is_segmented_as_five_models_fused_did(
    real_data: Path, workspace: Workspace, tmp_path: Path, trained: Checkpoint
) -> None:
    (case,) = read_study(real_data / "clinical_study" / "TCGA-FG-6692" / "raw", ImportChoices()).cases
    made = segment_case(Segmenter(workspace, choose_compute("cpu"), keep=False), case, trained, tmp_path / "out")
    assert whole_tumour_dice(real_data, made.series["t2f"].file) >= 0.70
