"""Trainings as jobs: started in a process of their own, listed and deleted."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.atomic import read_json
from core.errors import RefusedError
from core.jobs.processes import start_process
from core.training.run_folder import RunFolder
from core.workspace import Workspace


def start_detached(workspace: Workspace, run: str, device: str) -> None:
    """Start a run's training in a session of its own, which outlives whoever started it.

    Raises:
        RefusedError: it is running.
        NotInWorkspaceError: there is none of that name.
    """
    folder = workspace.run_folder(run)
    job = RunFolder(folder)
    if job.is_alive:
        raise RefusedError(f"{run} is running; stop it first")
    job.expect_process()
    arguments = ["train", "--resume", run, "--device", device]
    job.name_process(start_process(workspace, "core", arguments, folder / "output.txt"))


def list_runs(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what each run is doing, newest first."""
    rows = []
    for name in reversed(workspace.run_names()):
        try:
            rows.append(_row(RunFolder(workspace.runs / name)))
        except FileNotFoundError:  # deleted while it was read
            continue
    return rows


def delete_run(workspace: Workspace, name: str) -> None:
    """Delete a run's folder.

    Raises:
        RefusedError: it is running.
        NotInWorkspaceError: there is none of that name.
    """
    folder = workspace.run_folder(name)
    if RunFolder(folder).is_alive:
        raise RefusedError(f"{name} is running; stop it first")
    (folder / "recipe.yaml").unlink()  # first, because it is what makes the folder a run
    shutil.rmtree(folder)


def _row(run: RunFolder) -> dict[str, Any]:
    status = run.status
    recipe = run.folder / "recipe.yaml"
    return {
        "run": run.name,
        "title": _title(recipe, recipe.stat().st_mtime_ns),
        "state": status.state,
        "step": status.step,
        "total_steps": status.total_steps,
        "loss": status.loss,
        "eta_s": status.eta_s,
        "slices_per_s": status.slices_per_s,
        "best": _best(run),
        "message": status.message,
    }


@lru_cache(maxsize=1024)
def _title(recipe: Path, changed: int) -> str:
    del changed  # what the cache goes by
    parsed = RunFolder(recipe.parent).recipe
    return parsed.title or parsed.name


def _best(run: RunFolder) -> float | None:
    for _ in range(2):
        pointer = run.folder / "best.json"
        if not pointer.exists():
            return None
        card = run.folder / str(read_json(pointer)["folder"]) / "card.json"
        try:
            return float(read_json(card)["validation_scores"]["score"])
        except FileNotFoundError:  # a better one has just taken its place
            continue
    return None
