"""What a case's volumes hold when the browser reads them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.checkpoints import Checkpoint
from core.data.slabs import decode_slab
from core.data.volume_cache import VolumeCache
from core.evaluation.saved import saved_scores
from core.evaluation.scoring import Scoring, score_case
from core.importing import import_folder
from core.inference.prediction import Prediction, Uncertainty
from core.inference.segment import prediction_folder
from core.volume import Box
from core.workspace import Cohort, Workspace
from pages.parts import volumes
from pages.parts.viewer import VolumeRef
from tests import narrow
from tests.cases import case_id, write_cohort

ONE = case_id(1)


@pytest.fixture
def workspace(workspace_dir: Path) -> Workspace:
    return Workspace(workspace_dir)


@pytest.fixture
def small(workspace: Workspace, tmp_path: Path) -> Cohort:
    return import_folder(workspace, write_cohort(tmp_path / "files" / "small", 2), "small").cohort


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return narrow.checkpoint(tmp_path / "m")


@pytest.fixture
def saved(workspace: Workspace, small: Cohort, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> Prediction:
    """A prediction of the first case in the workspace: q counts up inside a box that leaves two voxels around it."""
    monkeypatch.setattr(volumes, "_ref", lambda content: VolumeRef(content, "token"))
    monkeypatch.setattr("pages.parts.store.workspace", lambda: workspace)
    shape = small.cases[ONE].grid.shape
    box = Box((2, 2, 2), (shape[0] - 2, shape[1] - 2, shape[2] - 2))
    names = checkpoint.spec.regions
    counting = np.arange(len(names) * box.size) % 256
    prediction = Prediction(
        counting.astype(np.uint8).reshape(len(names), *box.shape),
        box, shape, names, (128,) * len(names), checkpoint.id,
    )  # fmt: skip
    prediction.save(prediction_folder(workspace, checkpoint, small.cases[ONE].content))
    return prediction


def read(workspace: Workspace, ref: VolumeRef) -> npt.NDArray[np.uint8]:
    """A volume of the cache as the browser puts it together."""
    cache = VolumeCache(workspace.volumes)
    manifest = cache.manifest(ref.hash)
    assert manifest["dtype"] == "uint8"
    shape = tuple(manifest["shape"])
    slabs = [decode_slab(cache.slab(ref.hash, n), "uint8", shape) for n in range(len(manifest["slabs"]))]
    offset = tuple(manifest["box_offset"])
    box = Box(offset, tuple(start + length for start, length in zip(offset, shape, strict=True)))
    return box.paste(np.concatenate(slabs, axis=2), tuple(manifest["full_shape"]))


def test_the_browser_gets_the_bytes_that_the_scores_come_from(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, saved: Prediction
) -> None:
    found = volumes.probability_refs(small, ONE, {"m": checkpoint})
    (title,) = found
    assert title.endswith("(m)")
    assert found[title].thresholds == saved.thresholds
    whole = [read(workspace, ref) for ref in found[title].regions]
    for region, q in enumerate(whole):
        np.testing.assert_array_equal(saved.box.crop(q), saved.probabilities[region])
        assert q.sum() == saved.probabilities[region].sum(dtype=np.int64), "0 outside the box"
    # so that what the browser makes of them at the model's own thresholds has the reported score
    bits = np.zeros(saved.shape, np.uint8)
    for region, threshold in enumerate(saved.thresholds):
        bits |= (whole[region] >= threshold).astype(np.uint8) << region
    reference = volumes._reference_array(small, ONE).voxels
    scores = saved_scores(workspace, small, ONE, checkpoint)
    assert scores is not None
    own = score_case(bits, reference, saved.regions, small.cases[ONE].geometry, scoring=Scoring(("dice",)))
    for name in saved.regions:
        assert own[name]["dice"] == scores[name]["dice"]


def test_the_browser_gets_the_maps_that_were_saved_with_a_prediction(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, saved: Prediction
) -> None:
    assert volumes.uncertainty_refs(small, ONE, {"m": checkpoint}) == {}, "made in one pass"
    maps = np.arange(2 * saved.probabilities.size, dtype=np.uint32).astype(np.uint8)
    several = Uncertainty(maps.reshape(2, *saved.probabilities.shape), "members", 3)
    folder = prediction_folder(workspace, checkpoint, small.cases[ONE].content)
    shutil.rmtree(folder)
    replace(saved, uncertainty=several).save(folder)
    (found,) = volumes.uncertainty_refs(small, ONE, {"m": checkpoint}).values()
    assert (found.between, found.bits) == ("3 members", 1.0)
    for refs, kind in ((found.entropy, 0), (found.disagreement, 1)):
        for region, ref in enumerate(refs):
            whole = read(workspace, ref)
            np.testing.assert_array_equal(saved.box.crop(whole), several.maps[kind, region])
            assert whole.sum() == several.maps[kind, region].sum(dtype=np.int64), "0 outside the box"


def test_exclusive_classes_have_one_map_for_all_regions_whose_most_is_log2_of_their_number(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, saved: Prediction
) -> None:
    """Four classes: 255 stands for 2 bits."""
    q = np.zeros((4, *saved.box.shape), np.uint8)
    opinions = Uncertainty(np.full((2, 1, *saved.box.shape), 9, np.uint8), "turns", 8)
    classes = replace(saved, probabilities=q, class_bits=(0, 1, 3, 7), uncertainty=opinions)
    folder = prediction_folder(workspace, checkpoint, small.cases[ONE].content)
    shutil.rmtree(folder)
    classes.save(folder)
    (found,) = volumes.uncertainty_refs(small, ONE, {"m": checkpoint}).values()
    assert (found.between, found.bits) == ("8 turned slices", 2.0)
    assert len({ref.hash for ref in (*found.entropy, *found.disagreement)}) == 1


def test_a_model_that_cleans_up_shows_its_cleaned_mask_and_says_why_no_threshold_can_be_tried(
    workspace: Workspace, small: Cohort, saved: Prediction, tmp_path: Path
) -> None:
    """Voxels of 1 x 1.5 x 2 mm are 0.003 ml: pieces below 0.03 ml are those of less than ten voxels."""
    step = {"name": "smallest_component", "arguments": {"ml": 0.03}}
    cleaning = narrow.checkpoint(tmp_path / "c", inference=narrow.spec(post=[step]))
    folder = prediction_folder(workspace, cleaning, small.cases[ONE].content)
    q = np.zeros_like(saved.probabilities)
    q[0, 0, 0, :9], q[0, 5, 5, :10] = 255, 255
    replace(saved, probabilities=q, checkpoint_id=cleaning.id).save(folder)
    shown = read(workspace, volumes.mask_refs(small, ONE, {"c": cleaning})["c"])
    assert shown.sum() == 10
    (tried,) = volumes.probability_refs(small, ONE, {"c": cleaning}).values()
    assert tried.why_not == "its mask is cleaned up after the threshold"
    assert read(workspace, tried.regions[0]).sum() == 19 * 255, "the probabilities are what they were"


def test_a_second_look_writes_nothing(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, saved: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = volumes.probability_refs(small, ONE, {"m": checkpoint})
    monkeypatch.setattr(VolumeCache, "put", lambda *_args: pytest.fail("written again"))
    assert volumes.probability_refs(small, ONE, {"m": checkpoint}) == first


def test_a_model_that_has_not_segmented_the_case_has_none(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, saved: Prediction
) -> None:
    assert volumes.probability_refs(small, case_id(2), {"m": checkpoint}) == {}


def test_regions_that_are_empty_alike_are_one_volume(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, saved: Prediction
) -> None:
    """Several threads write the same voxels at once."""
    folder = prediction_folder(workspace, checkpoint, small.cases[ONE].content)
    np.save(folder / "probabilities.npy", np.zeros_like(saved.probabilities))
    (found,) = volumes.probability_refs(small, ONE, {"m": checkpoint}).values()
    assert len({ref.hash for ref in found.regions}) == 1
