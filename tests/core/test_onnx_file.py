"""A checkpoint as one ONNX file: what comes back, and what is refused before a runtime sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from core.checkpoints import (
    ONNX,
    Checkpoint,
    CheckpointError,
    load_model,
    onnx_model,
    read_onnx,
    resolve_checkpoint,
    sealed,
    write_ensemble,
)
from core.checkpoints import onnx_file as module
from core.checkpoints.protobuf import NotProtobufError, fields, with_length
from core.workspace import Workspace
from tests import narrow


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return narrow.checkpoint(tmp_path_factory.mktemp("checkpoint") / "narrow", train={"a": ["0" * 64]})


def identity() -> onnx.ModelProto:
    """A network that returns its input."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4, "h", "w"]) for name in ("slices", "logits")]
    return helper.make_model(
        helper.make_graph([helper.make_node("Identity", ["slices"], ["logits"])], "g", ends[:1], ends[1:])
    )


def written(folder: Path, checkpoint: Checkpoint, model: onnx.ModelProto | None = None) -> Path:
    path = folder / "network.onnx"
    path.write_bytes(sealed((model or identity()).SerializeToString(), checkpoint, {}))
    return path


def test_the_file_alone_is_the_checkpoint_with_its_whole_card_and_its_id(
    tmp_path: Path, checkpoint: Checkpoint, workspace: Workspace
) -> None:
    path = written(tmp_path, checkpoint)
    found = resolve_checkpoint(workspace, str(path))
    assert (found.id, found.card, found.onnx) == (checkpoint.id, checkpoint.card, path)
    assert onnx_model(found) == path.read_bytes()


def test_any_onnx_tool_reads_the_metadata(tmp_path: Path, checkpoint: Checkpoint) -> None:
    model = onnx.load(written(tmp_path, checkpoint))
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts["inference"].encode() == checkpoint.spec.canonical()
    assert facts["checkpoint_id"] == checkpoint.id
    assert facts["notice"] == "For research; not for diagnosis."
    assert len(model.graph.node) == 1


def test_whichever_byte_changes_it_is_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    path = written(tmp_path, checkpoint)
    whole = path.read_bytes()
    accepted = []
    for place in range(0, len(whole), 5):
        damaged = bytearray(whole)
        damaged[place] ^= 0x41
        path.write_bytes(damaged)
        try:
            read_onnx(path)
        except CheckpointError:
            continue
        accepted.append(place)
    assert accepted == []


def test_wherever_it_ends_early_it_is_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    path = written(tmp_path, checkpoint)
    whole = path.read_bytes()
    for length in range(0, len(whole), 17):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"network\.onnx (is|was|cannot)"):
            read_onnx(path)


@pytest.mark.parametrize("content", [b"", b"\x00" * 40, b"PK\x03\x04" + bytes(range(200)), b"\x80" * 30, b"not it"])
def test_what_is_no_onnx_file_is_refused_by_its_name_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"^other\.onnx is (damaged or no ONNX file|not a model that)"):
        read_onnx(path)


def test_somebody_else_s_network_is_refused_with_what_is_expected(tmp_path: Path) -> None:
    model = identity()
    helper.set_model_props(model, {"author": "somebody"})
    path = tmp_path / "theirs.onnx"
    onnx.save(model, path)
    with pytest.raises(CheckpointError, match="not a model that python -m core export wrote; found metadata author"):
        read_onnx(path)


def outside(name: str = "w") -> TensorProto:
    """A tensor whose numbers would be read from another file."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../../secret")
    return tensor


def among_weights(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(outside())


def in_a_constant(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=outside()))


def in_a_branch(model: onnx.ModelProto) -> None:
    branch = helper.make_graph([], "b", [], [], initializer=[outside()])
    model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch))


def in_a_function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Constant", [], ["c"], value=outside())
    model.functions.append(helper.make_function("own", "F", [], ["c"], [node], [helper.make_opsetid("", 18)]))


def in_a_sparse_tensor(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.append(onnx.SparseTensorProto(values=outside(), indices=outside("i"), dims=[1]))


def for_training(model: onnx.ModelProto) -> None:
    model.training_info.add().algorithm.initializer.append(outside())


def only_said_to_be_elsewhere(model: onnx.ModelProto) -> None:
    model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)


@pytest.mark.parametrize(
    "hide",
    [
        among_weights,
        in_a_constant,
        in_a_branch,
        in_a_function,
        in_a_sparse_tensor,
        for_training,
        only_said_to_be_elsewhere,
    ],
)
def test_weights_in_other_files_are_refused_wherever_they_hide(
    tmp_path: Path, checkpoint: Checkpoint, hide: Callable[[onnx.ModelProto], None]
) -> None:
    model = identity()
    model.graph.initializer.append(helper.make_tensor("here", TensorProto.FLOAT, [2], [1.0, 2.0]))
    read_onnx(written(tmp_path, checkpoint, model))
    hide(model)
    with pytest.raises(CheckpointError, match="keeps weights in other files, which are not read"):
        read_onnx(written(tmp_path, checkpoint, model))


def test_messages_inside_one_another_without_end_are_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    graph = b""
    for _ in range(60):
        graph = with_length(1, with_length(5, with_length(6, graph)))  # a node's attribute's graph
    path = tmp_path / "deep.onnx"
    path.write_bytes(sealed(with_length(7, graph), checkpoint, {}))
    with pytest.raises(CheckpointError, match=r"^deep\.onnx is damaged"):
        read_onnx(path)


def test_the_network_of_another_checkpoint_beside_weights_is_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    other = narrow.checkpoint(tmp_path / "other", seed=1)
    (other.folder / ONNX).write_bytes(written(tmp_path, checkpoint).read_bytes())
    with pytest.raises(CheckpointError, match=f"belongs to checkpoint {checkpoint.id[:12]}, found .* {other.id[:12]}"):
        onnx_model(other)


def test_without_a_network_it_says_how_to_make_one(checkpoint: Checkpoint) -> None:
    with pytest.raises(CheckpointError, match=r"narrow has no model\.onnx; write it with python -m core export"):
        onnx_model(checkpoint)


def test_torch_and_ensembles_on_disk_cannot_use_it(tmp_path: Path, checkpoint: Checkpoint) -> None:
    found = read_onnx(written(tmp_path, checkpoint))
    with pytest.raises(CheckpointError, match=r"network\.onnx has no weights for torch"):
        load_model(found)
    other = narrow.checkpoint(tmp_path / "other", seed=1)
    with pytest.raises(CheckpointError, match=r"network\.onnx has no weights for torch"):
        write_ensemble(tmp_path / "both", "both", [found, other])
    assert not (tmp_path / "both").exists()


def test_a_file_larger_than_the_format_allows_is_not_read_to_its_end(
    tmp_path: Path, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, checkpoint)
    monkeypatch.setattr(module, "MOST_BYTES", path.stat().st_size)
    read_onnx(path)
    monkeypatch.setattr(module, "MOST_BYTES", path.stat().st_size - 1)
    with pytest.raises(CheckpointError, match=r"network\.onnx has over \d+ bytes"):
        read_onnx(path)


def test_fields_are_those_of_the_protobuf_library() -> None:
    tensor = TensorProto(dims=[3, 300], data_type=1, name="é", raw_data=bytes(200), double_data=[0.5])
    data = tensor.SerializeToString()
    found = list(fields(memoryview(data)))
    assert b"".join(bytes(field.raw) for field in found) == data
    assert {field.number: bytes(field.content).decode() for field in found if field.number == 8} == {8: "é"}
    assert [field.value for field in found if field.number == 2] == [1]
    assert with_length(9, bytes(200)) in data


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05abc", b"\x08", b"\x0b", b"\x02\x00", b"\xff" * 12, b"\x09abc"])
def test_bytes_that_are_no_message_say_so(data: bytes) -> None:
    with pytest.raises(NotProtobufError):
        list(fields(memoryview(data)))


def test_random_bytes_never_do_anything_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "noise.onnx"
    for length in rng.integers(1, 400, 200):
        path.write_bytes(rng.bytes(int(length)))
        with pytest.raises(CheckpointError, match=r"^noise\.onnx is"):
            read_onnx(path)
