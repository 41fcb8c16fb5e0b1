"""Slices cut in several planes, their probabilities averaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.checkpoints import read_checkpoint, write_ensemble
from core.data.load import load_case
from core.errors import UsageError
from core.inference import planes as module
from core.inference.device import Compute
from core.inference.options import InferenceOptions
from core.inference.planes import PlanesRefusedError, require_planes
from core.inference.segment import Segmenter
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id

CPU = Compute("cpu", bf16=False, channels_last=False)
CASE = case_id(1)
ALL = ("axial", "coronal", "sagittal")


@pytest.fixture
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made-up scans are small and their voxels twice as high as wide."""
    monkeypatch.setattr(module, "FEWEST_PIXELS", 8)
    monkeypatch.setattr(module, "MOST_STRETCHED", 2.0)


@pytest.mark.usefixtures("any_size")
@pytest.mark.parametrize("keep", [True, False])
def test_the_mean_over_planes_is_the_mean_of_a_prediction_in_each(
    workspace: Workspace, small: Cohort, tmp_path: Path, keep: bool
) -> None:
    """A network has no plane: with a card of that plane each prediction can be made by itself."""
    made = narrow.checkpoint(tmp_path / "made")
    case, volume = small.cases[CASE].case, load_case(small.cases[CASE].case, None).volume
    each = []
    for plane in ALL:
        own = narrow.checkpoint(tmp_path / plane, inference=narrow.spec(plane=plane))
        elsewhere = Segmenter(Workspace(tmp_path / "other"), CPU)
        each.append(elsewhere.segment_volume(case, volume, own).probabilities.astype(int))
    assert not np.array_equal(each[0], each[1])
    segmenter = Segmenter(workspace, CPU, InferenceOptions(planes=ALL), keep=keep)
    joint = segmenter.segment_volume(case, volume, made)
    assert np.array_equal(joint.probabilities, np.floor(sum(each) / 3 + 0.5))
    assert joint.checkpoint_id == made.id
    assert joint.uncertainty is not None
    assert (joint.uncertainty.opinions, joint.uncertainty.count) == ("planes", 3)
    kept = [path.name for path in workspace.root.glob(f"predictions/{made.id}/*")]
    assert [name.endswith("-fp32-axial.coronal.sagittal") for name in kept] == ([True] if keep else [])


@pytest.mark.usefixtures("any_size")
def test_an_ensemble_averages_planes_within_each_member(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    members = [narrow.checkpoint(tmp_path / str(seed), seed=seed) for seed in (0, 1)]
    write_ensemble(tmp_path / "both", "both", members)
    segmenter = Segmenter(workspace, CPU, InferenceOptions(planes=("axial", "coronal")))
    told: list[tuple[int, int]] = []
    joint = segmenter.segment_stored(
        small, CASE, read_checkpoint(tmp_path / "both"), lambda done, total: told.append((done, total))
    )
    each = [segmenter.segment_stored(small, CASE, member).probabilities.astype(int) for member in members]
    assert np.array_equal(joint.probabilities, np.floor(sum(each) / 2 + 0.5))
    assert [done / total for done, total in told] == sorted(done / total for done, total in told)
    assert told[-1][0] == told[-1][1]


def test_thick_slices_are_refused_in_other_planes_and_the_sentence_says_what_was_found() -> None:
    with pytest.raises(PlanesRefusedError) as refused:
        require_planes("a", (256, 256, 26), (0.9, 0.9, 5.5), ALL, "axial")
    assert str(refused.value).startswith("a has voxels of 0.90 × 0.90 × 5.50 mm; a model trained on axial slices")
    require_planes("a", (256, 256, 26), (0.9, 0.9, 5.5), ("axial",), "axial")
    require_planes("a", (240, 240, 155), (1, 1, 1), ALL, "axial")


def test_what_has_no_voxel_sizes_or_hardly_any_pixels_is_refused_too() -> None:
    with pytest.raises(PlanesRefusedError, match="a has no voxel sizes, so what its coronal and sagittal slices look"):
        require_planes("a", (256, 256, 200), None, ALL, "axial")
    with pytest.raises(PlanesRefusedError, match="a has coronal slices of 256 × 1 pixels; at least 32 a side"):
        require_planes("a", (256, 256, 1), (1, 1, 1), ALL, "axial")


@pytest.mark.parametrize("planes", [("axial", "axial"), ("diagonal",)])
def test_planes_are_named_once_each(planes: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="expected some of axial, coronal, sagittal, each once"):
        InferenceOptions(planes=planes)  # type: ignore[arg-type]


def test_options_that_are_kept_tell_what_differs_from_a_plain_prediction() -> None:
    assert InferenceOptions().to_json() == {}
    both = InferenceOptions(tta=True, planes=("axial", "coronal"))
    assert both.to_json() == {"tta": True, "planes": ["axial", "coronal"]}
    assert both.suffix == "-tta-axial.coronal"
