"""Bring a set in, split it by patient and train on it; what the workspace has already is used as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.segment_real.command import CommandLine
from benchmarks.segment_real.sets import RealSet

SECONDS = "segment-real-seconds.json"


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """One training, as its run folder tells it.

    Attributes:
        run: its name.
        recipe: the recipe's name.
        fold: which fold; 0 for a plain split.
        steps: steps that were done.
        checkpoint_step: the step of the checkpoint that segments: the best on the validation part, else the last.
        seconds: that the training took.
        train: its training cases.
        validation: its validation cases.
        test: the cases that it has never seen.
    """

    run: str
    recipe: str
    fold: int
    steps: int
    checkpoint_step: int
    seconds: float
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "recipe": self.recipe,
            "fold": self.fold,
            "steps": self.steps,
            "checkpoint_step": self.checkpoint_step,
            "seconds": round(self.seconds),
            "train": list(self.train),
            "validation": list(self.validation),
            "test": list(self.test),
        }


def trained(real: RealSet, folder: Path, command: CommandLine) -> tuple[list[TrainedRun], dict[str, float]]:
    """Return a set's runs, one per fold, and the seconds that importing and splitting took."""
    seconds = brought_in(real, folder, command)
    for fold in real.folds or (0,):
        if _find(command.workspace, real, fold) is None:
            settings = [word for setting in real.settings for word in ("--set", setting)]
            which = ("--fold", str(fold)) if real.folds else ()
            command.ask("train", real.recipe, "--cohort", real.cohort, *which, *settings, read=False)
    runs = [_find(command.workspace, real, fold) for fold in real.folds or (0,)]
    return [run for run in runs if run is not None], seconds


def brought_in(real: RealSet, folder: Path, command: CommandLine) -> dict[str, float]:
    """Import a set and split it where that was not done yet; the seconds are kept in the workspace."""
    kept = command.workspace / SECONDS
    seconds: dict[str, dict[str, float]] = _json(kept) if kept.exists() else {}
    if not (command.workspace / "cohorts" / real.cohort).exists():
        command.workspace.mkdir(parents=True, exist_ok=True)
        scheme = ("--scheme", scheme_file(real, command.workspace)) if real.labels else ()
        taken = {"import": command.ask("import", folder, "--cohort", real.cohort, *scheme).seconds}
        seconds[real.cohort] = {**taken, "split": command.ask("split", real.cohort, *real.split).seconds}
        kept.write_text(json.dumps(seconds, indent=1) + "\n", encoding="utf-8")
    return seconds.get(real.cohort, {})


def scheme_file(real: RealSet, workspace: Path) -> Path:
    """Write down what the numbers of a set's masks mean, where names imply nothing."""
    file = workspace / f"{real.cohort}-labels.yaml"
    labels = dict(enumerate(real.labels, 1))
    file.write_text(yaml.safe_dump({"name": real.cohort, "labels": labels}, sort_keys=False), encoding="utf-8")
    return file


def _find(workspace: Path, real: RealSet, fold: int) -> TrainedRun | None:
    """Return the last finished run of a set's recipe on a fold of its cohort."""
    found = None
    for folder in sorted((workspace / "runs").glob("*")):
        status, split = _json(folder / "status.json"), _json(folder / "split.json")
        recipe = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8"))
        asked = (recipe["name"], split["cohort"], split.get("fold", 0))
        if status["state"] != "done" or asked != (real.recipe, real.cohort, fold):
            continue
        pointer = next(folder / name for name in ("best.json", "last.json") if (folder / name).exists())
        parts = (tuple(split[part]) for part in ("train", "validation", "test"))
        found = TrainedRun(
            folder.name, recipe["name"], fold, status["step"], _json(pointer)["step"], status["elapsed_s"], *parts
        )
    return found


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
