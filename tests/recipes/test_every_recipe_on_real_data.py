"""Every recipe trains two steps on the data that it is made for, saves a checkpoint, and segments with it."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from core.checkpoints import read_checkpoint, resolve_checkpoint
from core.data.load import load_case
from core.inference.device import choose_compute
from core.inference.segment import Segmenter
from core.recipe import load_recipe, recipe_names
from core.training.process import run_training
from core.training.start import create_run, plan_run
from core.workspace import PROJECT
from tests.recipes.conftest import Imported

DATA = {
    "segscope-default": "africa",
    "mri-unet": "lgg",
    "mri-sequences-unet": "africa",
    "mri-sequences-attention": "africa",
    "mri-sequences-transformer": "africa",
    "brats-unet": "africa",
    "brats-resnet34": "africa",
    "brats-transunet": "africa",
    "brats-efficientnet": "africa",
    "ct-multiclass": "haemorrhage",
    "ct-multiclass-unetplusplus": "haemorrhage",
    "ct-multiclass-attention": "haemorrhage",
    "coco-unet": "polygons",
    "coco-unet-plus": "polygons",
    "paired-2d": "lung",
    "phantom-unet": "phantoms",
    "phantom-attention-unet": "phantoms",
    "phantom-mobilenet": "phantoms",
}
SMALLEST = 2  # slices a batch: what two cores can do, and what batch norm needs
CHOSEN = {"brats-resnet34": ["model.encoder_weights=none"]}  # its weights cannot be had everywhere


def test_every_recipe_has_its_data() -> None:
    assert sorted(DATA) == recipe_names()


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA)
def test_two_steps_make_a_checkpoint_that_segments(name: str, imported: Imported) -> None:
    workspace, cohort = imported(DATA[name])
    usual = load_recipe(name)
    batch = min(SMALLEST, usual.train.batch_size)
    recipe = load_recipe(name, ["max_steps=2", f"train.batch_size={batch}", *CHOSEN.get(name, [])])
    run = create_run(workspace, recipe, plan_run(workspace, recipe, cohort.name, "default", None))
    events: list[dict[str, Any]] = []
    assert run_training(workspace, run, "cpu", events.append) == "done"

    losses = [event["loss"] for event in events if event["event"] == "step"]
    assert len(losses) == 2
    assert all(math.isfinite(loss) and loss >= 0 for loss in losses)
    assert events[-1]["event"] == "done"
    assert (run.status.state, run.status.step, run.status.message) == ("done", 2, "")
    validated = [record for record in run.metrics() if record["kind"] == "validation"]
    assert len(validated) == 1
    assert math.isfinite(validated[0]["validation_loss"])
    assert set(validated[0]["dice"]) == set(cohort.scheme.region_names)

    checkpoint = resolve_checkpoint(workspace, run.name)
    assert read_checkpoint(checkpoint.folder).id == checkpoint.id
    assert checkpoint.card.steps == 2
    assert checkpoint.spec.modalities == usual.data.modalities
    assert checkpoint.spec.class_bits == (cohort.scheme.class_bits if usual.target.kind == "classes" else ())

    case_id = run.split["test"][0]
    prediction = Segmenter(workspace, choose_compute("cpu")).segment_stored(cohort, case_id, checkpoint)
    mask = prediction.mask()
    assert mask.shape == load_case(cohort.cases[case_id].case, cohort.scheme).volume.shape
    assert mask.dtype == np.uint8
    possible = cohort.scheme.class_bits if usual.target.kind == "classes" else range(1 << len(cohort.scheme.regions))
    assert set(np.unique(mask).tolist()) <= set(possible)


@pytest.mark.slow
def test_without_its_weights_the_resnet34_ends_with_exit_code_3_and_the_file_to_supply(imported: Imported) -> None:
    workspace, cohort = imported("lgg")
    unreachable = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "core", "train", "brats-resnet34", "--cohort", cohort.name, "--device", "cpu",
         "--set", "data.modalities=[t2f]", "--set", "max_steps=2"],
        cwd=PROJECT,
        env=os.environ | unreachable | {"SEGSCOPE_WORKSPACE": str(workspace.root)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "the ImageNet weights of resnet34 are not on this machine" in done.stderr
    assert "get resnet34-b627a593.pth from there and supply a file with --set model.encoder_weights=PATH" in done.stderr
    assert "--set model.encoder_weights=none" in done.stderr
    assert "Traceback" not in done.stderr
