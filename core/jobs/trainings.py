"""Trainings as jobs: started in a process of their own, listed and deleted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Any

from core.atomic import read_json
from core.errors import RefusedError
from core.training.run_folder import RunFolder
from core.workspace import PROJECT, Workspace


def start_detached(workspace: Workspace, run: str, device: str) -> None:
    """Start a run's training in a session of its own, which outlives whoever started it."""
    folder = workspace.run_folder(run)
    environment = os.environ | {
        "SEGSCOPE_WORKSPACE": str(workspace.root),
        "PYTHONPATH": str(PROJECT),
        "NO_ALBUMENTATIONS_UPDATE": "1",
    }
    with (folder / "output.txt").open("ab") as output:
        subprocess.Popen(
            [sys.executable, "-m", "core", "train", "--resume", run, "--device", device],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # every event is in metrics.jsonl as well
            stderr=output,
            start_new_session=True,
            cwd=PROJECT,
            env=environment,
        )


def list_runs(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what each run is doing, newest first."""
    rows = []
    for name in reversed(workspace.run_names()):
        run = RunFolder(workspace.runs / name)
        status = run.status
        pointer = run.folder / "best.json"
        best = read_json(run.folder / read_json(pointer)["folder"] / "card.json") if pointer.exists() else None
        rows.append(
            {
                "run": name,
                "title": run.recipe.title or run.recipe.name,
                "state": status.state,
                "step": status.step,
                "total_steps": status.total_steps,
                "loss": status.loss,
                "eta_s": status.eta_s,
                "slices_per_s": status.slices_per_s,
                "best": best["validation_scores"]["score"] if best else None,
                "message": status.message,
            }
        )
    return rows


def delete_run(workspace: Workspace, name: str) -> None:
    """Delete a run's folder.

    Raises:
        RefusedError: it is running.
        NotInWorkspaceError: there is none of that name.
    """
    folder = workspace.run_folder(name)
    if RunFolder(folder).status.state == "running":
        raise RefusedError(f"{name} is running; stop it first")
    shutil.rmtree(folder)
