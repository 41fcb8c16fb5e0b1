"""Every architecture as an ONNX file: the answers are torch's, whatever the size, the batch and the options."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from core.checkpoints import (
    ONNX,
    Checkpoint,
    CheckpointError,
    InferenceSpec,
    load_model,
    read_onnx,
    sealed,
    write_ensemble,
)
from core.checkpoints import read_checkpoint as read
from core.data.store import SlicedCase, slice_case
from core.export import onnx as module
from core.export.onnx import NotExportedError, write_onnx
from core.inference.arrays import Floats
from core.inference.backends.onnx_runtime import OnnxBackend
from core.inference.device import Compute, onnx_compute
from core.inference.dropout import NoDropoutError
from core.inference.options import InferenceOptions
from core.inference.predictor import Predictor
from core.models import MODELS
from core.volume import Grid, Volume
from tests import narrow
from tests.cases import SHAPE, channels, tumour_labels

CPU = Compute("cpu", bf16=False, channels_last=False)
TTA = InferenceOptions(tta=True)
CLASSES: dict[str, Any] = {"target": "classes", "class_bits": (0, 1, 3, 7)}
LARGE = ((1, 4, 120, 128), (3, 4, 150, 181))  # from 128 on: windows of 7 tokens, 16 pixels apart
SIZES = ((1, 4, 1, 70), (2, 4, 33, 47), (5, 4, 64, 31), (1, 4, 150, 181))


def small(name: str, **changes: Any) -> InferenceSpec:
    return narrow.spec(architecture=name, arguments=dict(MODELS[name].small), **changes)


def exported(folder: Path, spec: InferenceSpec) -> Checkpoint:
    checkpoint = narrow.checkpoint(folder, inference=spec)
    write_onnx(folder / ONNX, checkpoint)
    return checkpoint


def resealed(folder: Path, spec: InferenceSpec, other: Checkpoint) -> Checkpoint:
    """Write a checkpoint whose weights are another's, with the other's network under a card of its own."""
    checkpoint = narrow.checkpoint(folder, inference=spec)
    model = onnx.load(other.folder / ONNX)
    model.ClearField("metadata_props")
    (folder / ONNX).write_bytes(sealed(model.SerializeToString(deterministic=True), checkpoint, {}))
    return checkpoint


def pair(checkpoint: Checkpoint) -> tuple[Predictor[Floats], Predictor[torch.Tensor]]:
    return (
        Predictor(OnnxBackend(checkpoint), checkpoint.spec, onnx_compute()),
        Predictor(load_model(checkpoint), checkpoint.spec, CPU),
    )


def furthest(checkpoint: Checkpoint, *shape: int) -> float:
    """Return the largest difference of a probability over prepared slices (S, C, H, W)."""
    ours, theirs = pair(checkpoint)
    images = np.random.default_rng(1).standard_normal(shape, np.float32)
    found = ours.shares(ours.logits(images))
    expected = theirs.shares(theirs.logits(images)).numpy()
    assert found.shape == expected.shape
    assert expected.std() > 1e-3, "a network that says the same everywhere proves nothing"
    return float(np.abs(found - expected).max())


def sliced() -> SlicedCase:
    parts = channels(1, tumour_labels(1))
    volume = Volume(np.stack(list(parts.values())), tuple(parts), (1.0,) * 4, (0.0,) * 4, None, Grid(SHAPE))
    return slice_case("x", volume, None, "axial")


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_architecture_gives_torch_s_probabilities_whatever_the_size_and_leaves_no_trace_of_this_machine(
    name: str, tmp_path: Path, repo_root: Path
) -> None:
    checkpoint = exported(tmp_path / name, small(name))
    for shape in LARGE if name == "swin_unetr" else SIZES:
        assert furthest(checkpoint, *shape) <= 1e-4, shape
    content = (checkpoint.folder / ONNX).read_bytes()
    for trace in (str(repo_root), str(Path.home()), "site-packages"):
        assert trace.encode() not in content


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attention_unet", "segnet", "smp_unet"])
def test_the_same_checkpoint_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    checkpoint = exported(tmp_path / name, small(name))
    write_onnx(tmp_path / "again.onnx", checkpoint)
    assert (tmp_path / "again.onnx").read_bytes() == (checkpoint.folder / ONNX).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["unet", "smp_unet", "transunet"])
def test_the_default_network_too(name: str, tmp_path: Path) -> None:
    checkpoint = exported(tmp_path / name, narrow.spec(architecture=name, arguments={}))
    assert furthest(checkpoint, 2, 4, 160, 192) <= 1e-4


@pytest.mark.slow
def test_slices_on_which_windows_do_not_shift_are_refused(tmp_path: Path, plain: Checkpoint) -> None:
    checkpoint = resealed(tmp_path / "swin", small("swin_unetr"), plain)
    backend = OnnxBackend(checkpoint)
    with pytest.raises(CheckpointError, match="swin takes slices from 128 x 128 on, found 96 x 160: smaller ones"):
        backend.logits(np.zeros((1, 4, 96, 160), np.float32))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return exported(tmp_path_factory.mktemp("plain") / "narrow", narrow.spec())


def test_the_metadata_is_the_card_and_the_graph_says_which_axes_are_free(plain: Checkpoint) -> None:
    assert read_onnx(plain.folder / ONNX).card == plain.card
    model = onnx.load(plain.folder / ONNX)
    onnx.checker.check_model(model, full_check=True)
    assert [(each.domain, each.version) for each in model.opset_import if each.domain == ""] == [("", 18)]
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(facts["inference"]) == plain.spec.model_dump(mode="json")
    assert json.loads(facts["input"]) == {
        "opset": 18,
        "slices": ["slice", "channel", "row", "column"],
        "logits": ["slice", "region", "row", "column"],
        "rows_and_columns_are_multiples_of": 2,
        "rows_and_columns_are_at_least": 4,
    }
    shape = model.graph.input[0].type.tensor_type.shape.dim
    assert [bool(axis.dim_param) for axis in shape] == [True, False, True, True]
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)


@pytest.mark.parametrize("shape", SIZES)
def test_any_number_of_slices_of_any_size_gets_torch_s_probabilities(
    plain: Checkpoint, shape: tuple[int, int, int, int]
) -> None:
    assert furthest(plain, *shape) <= 1e-4


@pytest.mark.parametrize(
    "changes",
    [
        {**CLASSES, "neighbours": 2, "modalities": ("t2f", "t1n")},
        {"input_size": 40},
        {"input_size": 12},
        {"input_size": (31, 12), "temperature": 2.5},
        {"plane": "sagittal", "preparing": "minmax-robust"},
    ],
    ids=["exclusive classes with neighbours", "enlarged", "shrunk", "padded and tempered", "sagittal"],
)
def test_whole_predictions_agree_whatever_the_card_asks_for(
    changes: dict[str, Any], tmp_path: Path, plain: Checkpoint
) -> None:
    spec = narrow.spec(**changes)
    same = (spec.inputs, spec.outputs) == (plain.spec.inputs, plain.spec.outputs)
    checkpoint = resealed(tmp_path / "narrow", spec, plain) if same else exported(tmp_path / "narrow", spec)
    parts = channels(1, tumour_labels(1))
    volume = Volume(np.stack(list(parts.values())), tuple(parts), (1.0,) * 4, (0.0,) * 4, None, Grid(SHAPE))
    case = slice_case("x", volume, None, checkpoint.spec.plane)
    found, expected = (each.predict(case, checkpoint.id) for each in pair(checkpoint))
    difference = np.abs(found.probabilities.astype(int) - expected.probabilities)
    assert difference.max() <= 1, "a byte is 0.004 of probability; 1e-4 may round the other way"
    assert (difference != 0).mean() < 0.02
    assert expected.probabilities.std() > 1


def test_turns_are_averaged_as_torch_averages_them(plain: Checkpoint) -> None:
    found, expected = (each.predict(sliced(), plain.id, options=TTA) for each in pair(plain))
    assert np.abs(found.probabilities.astype(int) - expected.probabilities).max() <= 1
    assert found.uncertainty is not None
    assert expected.uncertainty is not None
    assert np.abs(found.uncertainty.maps.astype(int) - expected.uncertainty.maps).max() <= 1
    assert found.uncertainty.count == 4


def test_dropout_passes_are_refused_because_the_file_has_no_dropout_left(plain: Checkpoint) -> None:
    ours, _ = pair(plain)
    with pytest.raises(NoDropoutError, match="has none left; let torch compute it, or use test-time augmentation"):
        ours.predict(sliced(), plain.id, options=InferenceOptions(mc_dropout=2))


def test_a_network_that_answers_otherwise_is_not_written(
    tmp_path: Path, plain: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "narrow", seed=1)
    other = onnx.load(plain.folder / ONNX)
    other.ClearField("metadata_props")
    monkeypatch.setattr(module, "_exported", lambda *_given: other.SerializeToString())
    path = tmp_path / "out" / "model.onnx"
    with pytest.raises(NotExportedError, match=r"are up to 0\.\d+ away from torch's; expected at most 0.0001: nothing"):
        write_onnx(path, checkpoint)
    assert not path.parent.exists() or list(path.parent.iterdir()) == []


def test_an_ensemble_is_exported_member_by_member(tmp_path: Path) -> None:
    members = [narrow.checkpoint(tmp_path / name, seed) for seed, name in enumerate("ab")]
    write_ensemble(tmp_path / "both", "both", members)
    with pytest.raises(CheckpointError, match="both is an ensemble of 2; export its members, a file each"):
        write_onnx(tmp_path / "both.onnx", read(tmp_path / "both"))


def test_a_network_of_other_channels_than_its_card_is_refused(tmp_path: Path, plain: Checkpoint) -> None:
    other = resealed(tmp_path / "other", narrow.spec(modalities=("t1c", "t2f")), plain)
    with pytest.raises(CheckpointError, match=re.escape("its card needs [('slices', 'tensor(float)', 2)]")):
        OnnxBackend(other)


def test_a_network_that_the_runtime_cannot_load_is_refused_in_a_sentence(tmp_path: Path) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "narrow")
    model = onnx.helper.make_model(
        onnx.helper.make_graph([onnx.helper.make_node("NoSuchOperator", [], ["logits"])], "g", [], [])
    )
    (checkpoint.folder / ONNX).write_bytes(sealed(model.SerializeToString(), checkpoint, {}))
    with pytest.raises(CheckpointError, match=r"^narrow: ONNX Runtime [\d.]+ cannot load the network \(\w+\); update"):
        OnnxBackend(checkpoint)
