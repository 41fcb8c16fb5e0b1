"""Forecasts of trainings for processes that do not load torch: a network is measured in a child and remembered."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from core.atomic import read_json, write_json
from core.jobs.bounded import bound_this_process
from core.jobs.machine import Device, device_named
from core.jobs.processes import born_at, start_process
from core.recipe import Recipe
from core.training.foresight.preflight import (
    DataFacts,
    Forecast,
    Measured,
    Room,
    Subject,
    data_facts,
    forecast,
    same_network,
    subject_of,
)
from core.training.runs.run_folder import RunFolder, process_lives
from core.training.start import Plan
from core.workspace import Workspace

PATIENCE_S = 150
SPARE_BYTES = 12 << 30  # address space that torch reserves and never touches
PROBLEM_KEPT_S = 600  # then it is tried again: memory may have become free
ENOUGH_STEPS = 20  # of an earlier run, until its speed is believed
RUNS_LOOKED_AT = 50
STRANGER = Measured(problem="the network could not be measured here")


def foresee(
    workspace: Workspace, recipe: Recipe, plan: Plan, device: str, facts: DataFacts | None = None
) -> Forecast | str | None:
    """Return what a training will need, why that cannot be said, or None while its network is being measured.

    Args:
        workspace: where measurements are remembered.
        recipe: what to train.
        plan: on which data.
        device: as `train --device` takes it.
        facts: of the data, where they are known.
    """
    facts = facts or data_facts(workspace, plan.cohort, plan.fold, recipe.data.plane)
    where = device_named(device)
    subject = subject_of(recipe, plan.cohort, facts, where.name)
    try:
        measured = _measured(workspace, subject, where)
    except OSError as error:
        return f"memory and time are not known: {error.strerror or error}"
    if measured is None or measured.problem:
        return None if measured is None else measured.problem
    return forecast(recipe, facts, measured, _room(workspace, recipe, where))


def foresee_here(workspace: Workspace, recipe: Recipe, plan: Plan, device: str) -> Forecast | str:
    """Return what a training will need, or why that cannot be said; the network is measured in a child, waited for."""
    for _ in range(PATIENCE_S * 5):
        found = foresee(workspace, recipe, plan, device)
        if found is not None:
            return found
        time.sleep(0.2)
    return STRANGER.problem


def _measured(workspace: Workspace, subject: Subject, device: Device) -> Measured | None:
    folder = workspace.root / "cache" / "preflight"
    result = folder / f"{subject.key}.json"
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError, TypeError):
        kept = Measured(**read_json(result))
        if not kept.problem or time.time() - result.stat().st_mtime < PROBLEM_KEPT_S:
            return kept
    folder.mkdir(parents=True, exist_ok=True)
    running = folder / "running.json"
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        other = read_json(running)
        if process_lives(other["pid"], other["started"]):  # one at a time: they would disturb each other's clock
            return None
        running.unlink(missing_ok=True)
        if other["key"] == subject.key:  # it ended without a result
            write_json(result, asdict(STRANGER))
            return STRANGER
    request = folder / f"{subject.key}.request.json"
    write_json(request, {"subject": asdict(subject), "free_bytes": device.free_bytes, "result": str(result)})
    pid = start_process(workspace, "core.jobs.preflights", [str(request)], folder / "output.txt")
    write_json(running, {"pid": pid, "started": born_at(pid), "key": subject.key})
    return None


def _room(workspace: Workspace, recipe: Recipe, device: Device) -> Room:
    place = next(folder for folder in (workspace.root, *workspace.root.parents) if folder.exists())
    speed = _speed_of_earlier_run(workspace, recipe, device)
    return Room(device.memory_bytes, device.free_bytes, shutil.disk_usage(place).free, speed)


def _speed_of_earlier_run(workspace: Workspace, recipe: Recipe, device: Device) -> float | None:
    """Return the slices per second of the newest run of the same network on the same device."""
    for name in workspace.run_names()[: -RUNS_LOOKED_AT - 1 : -1]:
        run = RunFolder(workspace.runs / name)
        with contextlib.suppress(OSError, ValueError, TypeError):
            status = run.status
            ran_on = status.compute.get("device")
            here = status.slices_per_s and status.step >= ENOUGH_STEPS and ran_on == device.name
            if here and same_network(run.recipe, recipe):
                return status.slices_per_s
    return None


def main(request: Path) -> None:
    """Measure what a request file asks for, within bounds, and write the result beside it."""
    asked = read_json(request)
    subject = Subject(**(asked["subject"] | {"canvas": tuple(asked["subject"]["canvas"])}))
    signal.alarm(PATIENCE_S)
    if subject.device == "cpu" and asked["free_bytes"]:
        bound_this_process(asked["free_bytes"] + SPARE_BYTES, PATIENCE_S)
    from core.training.foresight.probe import measure

    write_json(Path(asked["result"]), asdict(measure(subject)))
    request.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
