"""What the recipe's engine settings promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.checkpoints import WEIGHTS, read_checkpoint
from core.inference.device import DeviceError
from core.training.process import run_training
from core.training.runs.resume import RESUME_TENSORS
from core.training.runs.run_folder import RunFolder
from core.training.runs.tensorboard import NAME, read_events
from core.workspace import Workspace
from tests.core.training.conftest import Start, Train

PLAIN: dict[str, Any] = {
    "loss": {"name": "bce"},
    "model": {"arguments": {"channels": [4, 8], "norm": "instance", "dropout": 0.0}},
    "optim": {"name": "sgd", "momentum": 0.0, "warmup_steps": 0, "clip_norm": None},
}


def last(run: RunFolder) -> Path:
    folder = run.pointed("last")
    assert folder is not None
    return folder


def of_kind(run: RunFolder, kind: str) -> list[dict[str, Any]]:
    return [record for record in run.metrics() if record["kind"] == kind]


def test_two_batches_of_two_make_the_step_of_one_batch_of_four(start: Start, train: Train) -> None:
    """BCE averages over pixels and nothing else couples slices: the gradients are the same."""
    whole = start(**PLAIN, train={"batch_size": 4, "amp": "off", "max_steps": 4})
    halves = start(**PLAIN, train={"batch_size": 2, "accumulate": 2, "amp": "off", "max_steps": 4})
    for run in (whole, halves):
        train(run)
    assert [record["step"] for record in of_kind(halves, "step")] == [1, 2, 3, 4], "optimiser steps are counted"
    assert halves.status.steps_per_epoch == whole.status.steps_per_epoch == 12
    one, other = (load_file(last(run) / WEIGHTS) for run in (whole, halves))
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=1e-4, atol=1e-6)
    for a, b in zip(of_kind(whole, "step"), of_kind(halves, "step"), strict=True):
        assert b["loss"] == pytest.approx(a["loss"], rel=1e-5)
        assert b["accuracy"] == pytest.approx(a["accuracy"], abs=1e-4)


def test_the_average_is_saved_for_inference_and_the_raw_weights_to_resume_from(start: Start, train: Train) -> None:
    run, raw = start(train={"ema_decay": 0.5}), start()
    for each in (run, raw):
        train(each)
    kept = load_file(last(run) / RESUME_TENSORS)
    shown = load_file(last(run) / WEIGHTS)
    trained = load_file(last(raw) / WEIGHTS)
    for name, tensor in shown.items():
        assert torch.equal(kept[f"average.{name}"], tensor)
        assert torch.equal(kept[f"model.{name}"], trained[name]), "averaging changes nothing in training"
    assert any(not torch.equal(shown[name], trained[name]) for name in shown)
    scores = [[record["validation_loss"] for record in of_kind(each, "validation")] for each in (run, raw)]
    assert scores[0] != scores[1], "what is saved is what is validated"


def test_metrics_hold_scores_of_training_and_of_validation(start: Start, train: Train) -> None:
    run = start()
    train(run)
    steps, (first, second) = of_kind(run, "step"), of_kind(run, "validation")
    regions = {"WT", "TC", "ET"}
    for record in steps:
        assert set(record) == {"kind", "step", "loss", "lr", "dice", "iou", "accuracy"}
        assert set(record["dice"]) == set(record["iou"]) == regions
        for region in regions:
            dice, iou = record["dice"][region], record["iou"][region]
            assert dice is None or iou == pytest.approx(dice / (2 - dice)), "the two are one count"
        assert 0 <= record["accuracy"] <= 1
    assert set(first) == {
        "kind", "step", "epoch", "loss", "validation_loss", "dice", "iou", "accuracy", "training", "lr", "slices_per_s",
        "best",
    }  # fmt: skip
    assert first["best"] is True
    later = [record["dice"]["WT"] for record in steps[4:] if record["dice"]["WT"] is not None]
    assert second["training"]["dice"]["WT"] == pytest.approx(np.mean(later))
    assert second["training"]["accuracy"] == pytest.approx(np.mean([record["accuracy"] for record in steps[4:]]))
    assert 0 < first["accuracy"] < 1
    assert first["slices_per_s"] > 0
    assert len(list(read_events((run.folder / NAME).read_bytes()))) == 1 + len(steps) + 2


def test_best_goes_by_the_loss_where_the_recipe_says_so(start: Start, train: Train) -> None:
    run = start(train={"stopping": {"monitor": "loss"}, "validate_every_steps": 1, "max_steps": 5})
    train(run)
    losses = {record["step"]: record["validation_loss"] for record in of_kind(run, "validation")}
    best = run.pointed("best")
    assert best is not None
    assert read_checkpoint(best).card.steps == min(losses, key=lambda step: losses[step])


def test_a_validation_part_without_tumour_goes_by_the_loss_and_says_so(
    start: Start, train: Train, workspace: Workspace
) -> None:
    run = start()
    for case_id in run.split["validation"]:
        path = workspace.store_folder("small", case_id) / "labels.npy"
        np.save(path, np.zeros_like(np.load(path)))
    train(run)
    (note,) = of_kind(run, "note")
    assert (note["step"], note["what"]) == (4, "validation")
    assert note["sentence"] == (
        "no validation patient has any WT or TC or ET: no score for it; "
        "the best checkpoint is chosen by the validation loss"
    )
    validations = of_kind(run, "validation")
    assert all(record["dice"] == {"WT": None, "TC": None, "ET": None} for record in validations)
    losses = {record["step"]: record["validation_loss"] for record in validations}
    best = run.pointed("best")
    assert best is not None
    assert read_checkpoint(best).card.steps == min(losses, key=lambda step: losses[step])


@pytest.mark.parametrize("amp", ["off", "bf16"])
def test_precision_is_the_recipe_s(start: Start, train: Train, amp: str) -> None:
    run = start(train={"amp": amp, "max_steps": 1})
    train(run)
    assert run.status.compute["bf16"] is (amp == "bf16")


def test_float16_on_a_cpu_is_refused(workspace: Workspace, start: Start) -> None:
    run = start(train={"amp": "fp16"})
    with pytest.raises(DeviceError) as refused:
        run_training(workspace, run, "cpu", lambda _event: None)
    assert str(refused.value) == (
        "train.amp is fp16, which needs a CUDA device; found cpu: set train.amp to auto, bf16 or off"
    )
    assert run.status.state == "failed"


def test_what_cannot_be_compiled_is_trained_as_it_is_and_said(
    start: Start, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiler that fails at its first call, as without a C++ compiler."""

    def compiled(_model: torch.nn.Module) -> Any:
        def fail(_images: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("InvalidCxxCompiler: No working C++ compiler found\nand much more")

        return fail

    monkeypatch.setattr(torch, "compile", compiled)
    run, plain = start(train={"compile": True}), start()
    train(run)
    train(plain)
    (note,) = of_kind(run, "note")
    assert note["sentence"] == (
        "torch.compile does not work here and is left out: InvalidCxxCompiler: No working C++ compiler found"
    )
    assert (last(run) / WEIGHTS).read_bytes() == (last(plain) / WEIGHTS).read_bytes()
    assert run.status.state == "done"
