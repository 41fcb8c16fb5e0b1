"""Trainings as jobs: started, listed, cloned and deleted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.atomic import read_json
from core.errors import RefusedError
from core.jobs.queue import advance, device_of, enqueue, locked, pause, stop
from core.recipe import changed_recipe
from core.training.runs.disk import writing_workspace
from core.training.runs.run_folder import RunFolder
from core.training.start import create_run, plan_again
from core.workspace import Workspace

__all__ = ["advance", "clone_run", "delete_run", "enqueue", "list_runs", "pause", "start_detached", "stop"]

ENDING_S = 2.0  # for how long a process may hold its run after it has said how it ended


def start_detached(workspace: Workspace, run: str, device: str) -> None:
    """Put a run into its device's queue; its process outlives whoever started it.

    Raises:
        RefusedError: it is running or done, or the workspace cannot be written.
        NotInWorkspaceError: there is none of that name.
    """
    enqueue(workspace, run, device)


def clone_run(workspace: Workspace, run: str, overrides: Sequence[str] = ()) -> RunFolder:
    """Make a new run of a run's recipe, with changes, on the same cases. It is not started.

    Args:
        workspace: where the run is.
        run: which one.
        overrides: `field=value` pairs such as `optim.lr=3e-4`, as `train --set` takes them.

    Raises:
        NotInWorkspaceError: no such run, or its cohort is gone.
        RecipeError: a change does not fit.
        TrainingRefusedError: the changed recipe does not fit the cohort, or the cohort has changed.
        UnwritableError: the workspace cannot be written.
    """
    original = RunFolder(workspace.run_folder(run))
    recipe = changed_recipe(original.recipe, overrides)
    return create_run(workspace, recipe, plan_again(workspace, recipe, original.split))


def list_runs(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what each run is doing, newest first.

    A row's `position` is its place among those that wait for its `device`, 1 being next, and None where it does not
    wait; `started` is when its last process began, in seconds since the epoch, or None; `elapsed_s` is how long all
    its processes trained.
    """
    rows = []
    for name in reversed(workspace.run_names()):
        try:
            rows.append(_row(RunFolder(workspace.runs / name)))
        except FileNotFoundError:  # deleted while it was read
            continue
    ahead: dict[str, int] = {}
    for row in sorted((row for row in rows if row["queued_at"] is not None), key=lambda row: row["queued_at"]):
        row["position"] = ahead[row["device"]] = ahead.get(row["device"], 0) + 1
    return rows


def delete_run(workspace: Workspace, name: str) -> None:
    """Delete a run's folder.

    Raises:
        RefusedError: it is running, or the workspace cannot be written.
        NotInWorkspaceError: there is none of that name.
    """
    run = RunFolder(workspace.run_folder(name))
    with writing_workspace(), locked(workspace):
        if run.is_alive:
            raise RefusedError(f"{name} is running; stop it first")
        with run.claimed(ENDING_S) as mine:
            if not mine:
                raise RefusedError(f"{name} is being trained by another process; stop that one first")
            (run.folder / "recipe.yaml").unlink()  # first, because it is what makes the folder a run
            shutil.rmtree(run.folder)


def _row(run: RunFolder) -> dict[str, Any]:
    status = run.status
    recipe = run.folder / "recipe.yaml"
    return {
        "run": run.name,
        "title": _title(recipe, recipe.stat().st_mtime_ns),
        "state": status.state,
        "device": device_of(status),
        "position": None,
        "queued_at": status.queued_at if run.is_waiting else None,
        "started": status.started_at or None,
        "elapsed_s": status.earlier_s + status.elapsed_s,
        "step": status.step,
        "total_steps": status.total_steps,
        "loss": status.loss,
        "eta_s": status.eta_s,
        "slices_per_s": status.slices_per_s,
        "best": _best(run),
        "message": status.message,
        "leaks": bool(run.split.get("leaks")),
    }


@lru_cache(maxsize=1024)
def _title(recipe: Path, changed: int) -> str:
    del changed  # what the cache goes by
    try:
        parsed = RunFolder(recipe.parent).recipe
    except RefusedError:  # of another version of this program
        return recipe.parent.name
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
