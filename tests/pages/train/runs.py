"""Runs that a page shows, as a training would have left them."""

from __future__ import annotations

import numpy as np

from core.recipe import load_recipe
from core.training.runs.run_folder import RunFolder, Status
from core.training.start import create_run, plan_run
from core.workspace import Workspace

RECIPE = "phantom-unet"
GONE_PID = 2**22 + 1  # above what the system gives out


def made_run(workspace: Workspace, **fields: object) -> RunFolder:
    """A run with 20 steps and two validations on disk, in whatever state `fields` say."""
    recipe = load_recipe(RECIPE, ["max_steps=40"])
    run = create_run(workspace, recipe, plan_run(workspace, recipe, "small", "default", None))
    for step in range(1, 21):
        run.append_metrics({"kind": "step", "step": step, "loss": 1 / step, "lr": 0.002})
    for step, whole in ((10, 0.4), (20, 0.8)):
        dice = {"WT": whole, "TC": whole - 0.1, "ET": None}
        run.append_metrics(
            {"kind": "validation", "step": step, "epoch": 1, "loss": 0.5, "validation_loss": 0.6, "dice": dice}
        )
        (run.folder / "snapshots").mkdir(exist_ok=True)
        np.save(run.folder / "snapshots" / f"step-{step}.npy", np.full((2, 20, 16), step // 10, np.uint8))
    with (run.folder / "snapshots" / "fixed.npz").open("wb") as stream:
        np.savez(stream, images=np.ones((2, 20, 16), np.float32), masks=np.ones((2, 20, 16), np.uint8), modality="t1c")
    status = Status(run.name, step=20, total_steps=40, steps_per_epoch=10)
    for name, value in fields.items():
        setattr(status, name, value)
    run.write_status(status)
    return run
