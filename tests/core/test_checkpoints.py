"""Checkpoints: an id that anybody can recompute, and nothing damaged that loads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.atomic import read_json, write_json
from core.checkpoints import (
    CARD,
    WEIGHTS,
    CheckpointError,
    load_model,
    read_checkpoint,
    resolve_checkpoint,
    shipped_names,
    write_checkpoint,
)
from core.models import build_model
from core.models.spec import ArgumentError
from core.workspace import SHIPPED_CHECKPOINTS, NotInWorkspaceError, Workspace
from tests.narrow import ARGUMENTS, card, checkpoint, spec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint to damage."""
    return checkpoint(tmp_path / "made").folder


def change_card(folder: Path, *path: str, to: Any) -> None:
    document = read_json(folder / CARD)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    write_json(folder / CARD, document)


def change_weights(folder: Path, change: Any) -> None:
    tensors = load_file(folder / WEIGHTS)
    save_file({name: tensor.contiguous() for name, tensor in change(dict(tensors)).items()}, folder / WEIGHTS)


def test_the_id_is_the_hash_of_the_weights_bytes_and_the_canonical_inference_section(folder: Path) -> None:
    section = json.loads((folder / CARD).read_text())["inference"]
    canonical = json.dumps(section, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    by_hand = hashlib.sha256((folder / WEIGHTS).read_bytes() + canonical).hexdigest()
    assert read_checkpoint(folder).id == by_hand


def test_names_outside_ascii_are_hashed_as_utf_8(tmp_path: Path) -> None:
    made = checkpoint(tmp_path / "made", inference=spec(modalities=("t1n", "t1c", "t2w", "é")))
    section = json.loads((made.folder / CARD).read_text())["inference"]
    canonical = json.dumps(section, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    assert made.id == hashlib.sha256((made.folder / WEIGHTS).read_bytes() + canonical).hexdigest()


def test_the_weights_carry_no_metadata(folder: Path) -> None:
    content = (folder / WEIGHTS).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert "__metadata__" not in header


def test_the_same_weights_and_card_have_the_same_id_wherever_they_lie(tmp_path: Path) -> None:
    assert checkpoint(tmp_path / "a").id == checkpoint(tmp_path / "b").id
    assert checkpoint(tmp_path / "c", seed=1).id != checkpoint(tmp_path / "a").id


def test_what_a_prediction_depends_on_changes_the_id_and_what_it_does_not_keeps_it(folder: Path) -> None:
    before = read_checkpoint(folder).id
    change_card(folder, "title", to="Another title")
    assert read_checkpoint(folder).id == before
    change_card(folder, "inference", "thresholds", to=[128, 128, 127])
    assert read_checkpoint(folder).id != before


def test_a_single_changed_weight_changes_the_id(folder: Path) -> None:
    before = read_checkpoint(folder).id
    change_weights(folder, lambda tensors: {name: tensor + 1e-6 for name, tensor in tensors.items()})
    assert read_checkpoint(folder).id != before


def test_a_model_comes_back_as_it_was_written_ready_to_infer(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build_model("unet", 4, 3, ARGUMENTS)
    write_checkpoint(tmp_path / "x", model.state_dict(), card(spec()), {"more.txt": b"more"})
    assert (tmp_path / "x" / "more.txt").read_bytes() == b"more"
    loaded = load_model(read_checkpoint(tmp_path / "x"))
    assert not loaded.training
    images = torch.rand(2, 4, 20, 24)
    with torch.inference_mode():
        assert torch.equal(loaded(images), model.eval()(images))


def test_half_precision_weights_are_widened(folder: Path) -> None:
    whole = load_file(folder / WEIGHTS)
    change_weights(folder, lambda tensors: {name: tensor.half() for name, tensor in tensors.items()})
    loaded = load_model(read_checkpoint(folder)).state_dict()
    assert {tensor.dtype for tensor in loaded.values()} == {torch.float32}
    assert all(torch.equal(loaded[name], whole[name].half().float()) for name in whole)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: {n: x[..., :1] for n, x in t.items()}, r"made: \d+ tensors do not fit the architecture in the card"),
        (
            lambda t: {n: x for n, x in t.items() if "head.bias" not in n},
            r"1 tensors do not fit .*first: net.head.bias",
        ),
        (lambda t: t | {"extra": torch.ones(1)}, r"1 tensors do not fit .*first: extra"),
        (lambda t: {n: x * float("nan") for n, x in t.items()}, "the weights hold NaN or infinite numbers"),
    ],
)
def test_weights_that_do_not_fit_are_refused_in_a_sentence(folder: Path, change: Any, sentence: str) -> None:
    change_weights(folder, change)
    with pytest.raises(CheckpointError, match=sentence):
        load_model(read_checkpoint(folder))


def test_truncated_weights_are_refused_in_a_sentence(folder: Path) -> None:
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[:-10])
    with pytest.raises(CheckpointError, match=r"the weights cannot be read .* copy them again"):
        load_model(read_checkpoint(folder))


def test_a_pickle_is_never_opened(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"\x80\x04\x95" + bytes(100))
    with pytest.raises(CheckpointError, match="the weights cannot be read"):
        load_model(read_checkpoint(folder))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("inference", "thresholds"), [128]),
        (("inference", "thresholds"), [128, 128, 0]),
        (("inference", "thresholds"), [128, 128, 256]),
        (("inference", "preparing"), "guess"),
        (("inference", "plane"), "oblique"),
        (("inference", "temperature"), 0),
        (("inference", "surprise"), 1),
        (("steps",), -1),
        (("surprise",), 1),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(folder: Path, path: tuple[str, ...], value: Any) -> None:
    change_card(folder, *path, to=value)
    with pytest.raises(CheckpointError, match="made: the card is damaged"):
        read_checkpoint(folder)


def test_a_card_of_a_newer_schema_is_refused_with_what_to_do(folder: Path) -> None:
    change_card(folder, "schema_version", to=2)
    with pytest.raises(CheckpointError, match="made: a card of schema 2; this program reads schema 1: update it"):
        read_checkpoint(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_a_card_that_is_no_card_is_refused(folder: Path, content: bytes) -> None:
    (folder / CARD).write_bytes(content)
    with pytest.raises(CheckpointError, match="the card is damaged"):
        read_checkpoint(folder)


@pytest.mark.parametrize("missing", [CARD, WEIGHTS])
def test_a_folder_without_card_or_weights_is_no_checkpoint(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(CheckpointError, match="made is not a checkpoint; expected weights"):
        read_checkpoint(folder)


def test_an_architecture_that_is_not_plugged_in_is_refused_with_what_is(folder: Path) -> None:
    change_card(folder, "inference", "architecture", to="vnet")
    with pytest.raises(Exception, match="no model is called 'vnet'; known: unet") as refused:
        load_model(read_checkpoint(folder))
    assert getattr(refused.value, "exit_code", None) == 1
    change_card(folder, "inference", "architecture", to="unet")
    change_card(folder, "inference", "arguments", to={"channels": "wide"})
    with pytest.raises(ArgumentError):
        load_model(read_checkpoint(folder))


def run_with(workspace: Workspace, *steps: int, best: int | None, last: int | None) -> dict[int, str]:
    """Make a run with checkpoints by hand; return the id of each."""
    run = workspace.runs / "narrow-0001"
    run.mkdir(parents=True)
    ids = {step: checkpoint(run / f"step-{step}", seed=step).id for step in steps}
    (run / "recipe.yaml").write_text("name: narrow")
    for name, step in (("best", best), ("last", last)):
        if step is not None:
            write_json(run / f"{name}.json", {"folder": f"step-{step}", "step": step})
    return ids


def test_a_run_means_its_best_checkpoint_else_its_last(workspace: Workspace) -> None:
    ids = run_with(workspace, 4, 8, best=4, last=8)
    assert resolve_checkpoint(workspace, "narrow-0001").id == ids[4]
    assert resolve_checkpoint(workspace, "narrow-0001@best").id == ids[4]
    assert resolve_checkpoint(workspace, "narrow-0001@last").id == ids[8]
    (workspace.runs / "narrow-0001" / "best.json").unlink()
    assert resolve_checkpoint(workspace, "narrow-0001").id == ids[8]


def test_a_folder_means_itself(workspace: Workspace, folder: Path) -> None:
    assert resolve_checkpoint(workspace, str(folder)).id == read_checkpoint(folder).id


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("nobody", "no checkpoint at 'nobody'; give a folder, or one of: .*narrow-0001"),
        ("narrow-0001", "run narrow-0001 has no finished checkpoint yet"),
        ("narrow-0001@last", "run narrow-0001 has no last checkpoint yet"),
        ("narrow-0001@first", "a run has best and last, not 'first'"),
        ("narrow-0001@../../secret", "a run has best and last"),
        ("", "no checkpoint at ''"),
    ],
)
def test_what_is_no_checkpoint_is_refused_in_a_sentence(workspace: Workspace, reference: str, sentence: str) -> None:
    run_with(workspace, best=None, last=None)
    with pytest.raises(NotInWorkspaceError, match=sentence):
        resolve_checkpoint(workspace, reference)


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_checkpoint_loads_is_small_and_is_found_by_name(workspace: Workspace, name: str) -> None:
    found = resolve_checkpoint(workspace, name)
    assert found.folder == SHIPPED_CHECKPOINTS / name
    assert sum(file.stat().st_size for file in found.folder.iterdir()) <= 3e6
    load_model(found)
