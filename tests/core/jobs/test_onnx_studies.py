"""Checkpoints for ONNX Runtime that a study may be segmented with: what is offered, what computes it, what it gives."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.atomic import read_json
from core.checkpoints import (
    ONNX,
    Checkpoint,
    CheckpointError,
    new_name,
    read_onnx,
    resolve_checkpoint,
    runtime,
    runtime_of,
    sealed,
    shipped_names,
    write_ensemble,
)
from core.errors import RefusedError
from core.importing import read_study
from core.inference.device import DeviceError, onnx_compute
from core.inference.segment import Segmenter
from core.jobs import segmentation_queue as queue
from core.jobs.segment_files import segment_case
from core.jobs.segmentation_choices import checkpoint_named, fitting_checkpoint, named_checkpoints
from core.jobs.segmentation_results import result_file
from core.jobs.segmentations import SegmentationJob, SegmentationRequest
from core.jobs.slice_questions import answer_to, ask
from core.jobs.worker import Worker
from core.service.api.documents import models_document
from core.workspace import NotInWorkspaceError, Workspace
from tests import narrow
from tests.cases import case_id
from tests.core.jobs.studies_to_segment import Workers, brought, queued, study_files


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A checkpoint with weights, and an ONNX model beside them."""
    return with_model(narrow.checkpoint(tmp_path_factory.mktemp("tiny") / "tiny"))


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    yield workspace
    kept.kill()


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "torch_is_here", lambda: False)


def with_model(checkpoint: Checkpoint) -> Checkpoint:
    """Put an ONNX model into a checkpoint's folder: WT where T2-FLAIR is above its mean, TC and ET where T1c is."""
    weights = np.zeros((3, 4, 1, 1), np.float32)
    weights[0, 3] = weights[1:, 1] = 1.0
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", channels, "h", "w"])
        for name, channels in (("slices", 4), ("logits", 3))
    ]
    nodes = [helper.make_node("Conv", ["slices", "w"], ["logits"])]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    (checkpoint.folder / ONNX).write_bytes(sealed(model.SerializeToString(), checkpoint, {}))
    return checkpoint


def put(workspace: Workspace, checkpoint: Checkpoint, name: str = "small") -> Path:
    """Copy an ONNX model to where the workspace has its checkpoints, as `export --out` writes it."""
    file = workspace.made_checkpoints / f"{name}.onnx"
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(checkpoint.folder / ONNX, file)
    return file


def offered(workspace: Workspace) -> dict[str, Path | None]:
    """Return what may be chosen beside the shipped ones, and its ONNX file where it is one."""
    found = {each.name: each.checkpoint.onnx for each in named_checkpoints(workspace)}
    return {name: file for name, file in found.items() if name not in shipped_names()}


def done(place: Workspace, job: SegmentationJob) -> Worker:
    worker, taken = Worker(place, "cpu"), queue.claim(place, "cpu")
    assert taken is not None
    worker.do(taken)
    assert job.status.state == "done", job.status.message
    return worker


def test_a_file_among_the_checkpoints_is_offered_by_name_and_id(workspace: Workspace, tiny: Checkpoint) -> None:
    file = put(workspace, tiny)
    assert offered(workspace) == {"small": file}
    for called in ("small", tiny.id):
        assert checkpoint_named(workspace, called).onnx == file
    assert (read_onnx(file).id, resolve_checkpoint(workspace, "small").onnx) == (tiny.id, file)
    (listed,) = [each for each in models_document(named_checkpoints(workspace)).models if each.name == "small"]
    assert (listed.id, listed.title, listed.modalities) == (tiny.id, "Narrow", ["t1n", "t1c", "t2w", "t2f"])
    assert fitting_checkpoint(workspace, tiny.spec.modalities).name == "small"
    with pytest.raises(CheckpointError, match="'small' is taken"):
        new_name(workspace, "small")
    with pytest.raises(NotInWorkspaceError, match=r", small$"):
        resolve_checkpoint(workspace, "nobody")


def test_a_damaged_file_and_one_without_a_plain_name_are_left_out(workspace: Workspace, tiny: Checkpoint) -> None:
    put(workspace, tiny, "a, b")
    damaged = put(workspace, tiny)
    damaged.write_bytes(damaged.read_bytes()[:-100])
    assert offered(workspace) == {}
    with pytest.raises(CheckpointError, match=r"small\.onnx is damaged"):
        checkpoint_named(workspace, "small")


def test_a_folder_goes_before_a_file_of_its_name_where_torch_is(workspace: Workspace, tiny: Checkpoint) -> None:
    narrow.checkpoint(workspace.made_checkpoint("small"), seed=1)
    put(workspace, tiny)
    assert offered(workspace) == {"small": None}
    assert checkpoint_named(workspace, "small").id != tiny.id
    assert resolve_checkpoint(workspace, "small").onnx is None


def test_without_torch_the_file_stands_for_the_folder(workspace: Workspace, tiny: Checkpoint, no_torch: None) -> None:
    folder = narrow.checkpoint(workspace.made_checkpoint("small")).folder
    file = put(workspace, tiny)
    assert offered(workspace) == {"small": file}
    assert resolve_checkpoint(workspace, "small").onnx == file
    shutil.copyfile(file, folder / ONNX)
    assert offered(workspace) == {"small": None}, "a folder with an ONNX model can be computed itself"
    assert runtime_of(checkpoint_named(workspace, "small")) == "onnx"


def test_without_torch_weights_alone_are_not_offered_and_say_how_to_export_them(
    place: Workspace, tiny: Checkpoint, no_torch: None, tmp_path: Path
) -> None:
    members = [narrow.checkpoint(place.made_checkpoint(name), seed) for seed, name in enumerate(("one", "two"))]
    write_ensemble(place.made_checkpoint("both"), "both", members)
    assert named_checkpoints(place) == []
    for name in ("one", "both"):
        with pytest.raises(CheckpointError, match=r"torch is not installed here, .* python -m core export REF"):
            queued(place, tmp_path / name, checkpoint=name)
    assert not list(place.jobs.glob("segmentation-*"))
    with pytest.raises(RefusedError, match="known: none"):
        checkpoint_named(place, "nobody")


def test_one_runtime_computes_all_of_an_ensemble(workspace: Workspace, tiny: Checkpoint) -> None:
    put(workspace, tiny)
    folder = narrow.checkpoint(workspace.made_checkpoint("folder"), seed=1)
    with pytest.raises(CheckpointError, match=r"narrow-0001 is an ONNX file .* weights for torch alone"):
        checkpoint_named(workspace, "small,folder")
    with_model(folder)
    both = checkpoint_named(workspace, "small,folder")
    assert [member.id for member in both.members] == [tiny.id, folder.id]
    assert runtime_of(both) == "onnx"
    assert runtime_of(folder) == "torch", "alone it is torch's"


def test_a_study_has_the_mask_that_the_command_line_writes_and_says_what_computed_it(
    place: Workspace, tiny: Checkpoint, tmp_path: Path
) -> None:
    """`fast` allows bfloat16, and ONNX Runtime computes in float32 all the same."""
    put(place, tiny)
    job = queued(place, tmp_path / "study", checkpoint="small", fast=True, device="auto", formats=("nifti", "json"))
    done(place, job)
    layout = read_study(tmp_path / "study" / case_id(1), job.asked.choices)
    segmenter = Segmenter(Workspace(tmp_path / "own"), onnx_compute())
    straight = segment_case(segmenter, layout.cases[0], checkpoint_named(place, "small"), tmp_path / "out")
    assert 0 < (straight.volumes_ml["TC"] or 0) == straight.volumes_ml["ET"] != straight.volumes_ml["WT"]
    assert result_file(job, "nifti").read_bytes() == straight.file.read_bytes()
    assert (job.document()["backend"], job.document()["checkpoint_id"], job.asked.device) == ("onnx", tiny.id, "cpu")
    assert "onnxruntime" in read_json(result_file(job, "json"))["provenance"]["versions"]


def test_a_slice_is_asked_about_from_memory_and_loaded_anew(place: Workspace, tiny: Checkpoint, tmp_path: Path) -> None:
    put(place, tiny)
    job = queued(place, tmp_path, checkpoint="small")
    found = []
    for worker in (done(place, job), Worker(place, "cpu")):
        name = ask(place, job, 8, ["t2f"], 0.0, False)
        worker._answer()
        found.append(answer_to(job, name))
        (job.folder / "answers" / f"{name}.json").unlink()
    assert found[0] is not None
    assert found[0]["regions"].keys() == {"WT", "TC", "ET"}
    assert found[0] == found[1]


def test_passes_with_dropout_fail_with_a_sentence(place: Workspace, tiny: Checkpoint, tmp_path: Path) -> None:
    put(place, tiny)
    job = queued(place, tmp_path, checkpoint="small", options={"mc_dropout": 2})
    taken = queue.claim(place, "cpu")
    assert taken is not None
    Worker(place, "cpu").do(taken)
    assert job.status.state == "failed"
    assert "let torch compute it, or use test-time augmentation" in job.status.message


def test_a_gpu_is_refused_before_a_study_waits_for_it(place: Workspace, tiny: Checkpoint, tmp_path: Path) -> None:
    put(place, tiny)
    upload = brought(place, *study_files(tmp_path))
    with pytest.raises(DeviceError, match="computes on the CPU; found device cuda"):
        queue.submit(place, upload, SegmentationRequest("small", device="cuda"))
