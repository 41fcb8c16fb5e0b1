"""Studies as jobs: their runs are queued once, waited for, and scored together."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.atomic import read_json, write_json
from core.checkpoints import resolve_checkpoint
from core.errors import JobFailedError, RefusedError
from core.evaluation.contenders import Contender
from core.evaluation.evaluate import OnCase, evaluate
from core.export.drawing import Drawing
from core.export.study_curves import TrainingCurves, study_curves
from core.inference.segment import Segmenter
from core.jobs.queue import advance, enqueue
from core.recipe.study import Study
from core.training.curves import CurveReader, smoothed, thinned
from core.training.runs.run_folder import ACTIVE, RunFolder, Status
from core.training.start import create_run, plan_run
from core.workspace import Cohort, Workspace, safe_name

SCHEMA_VERSION = 1
LOOK_EVERY_S = 1.0
POINTS = 300  # of each curve that has a value per step
SMOOTHED = 20  # the training loss is averaged over this part of a training

OnRuns = Callable[[int, int, str], None]


class StudyRefusedError(RefusedError):
    """A study cannot be run as asked; the message says what differs and what to do."""


class StudyFailedError(JobFailedError):
    """Some of a study's runs did not come to their end; the message names them."""


@dataclass(frozen=True, slots=True)
class StudyRun:
    """One training of a study.

    Attributes:
        variant: which row of the table it belongs to.
        fold: which fold of the split it trains on.
        run: its name in the workspace.
    """

    variant: str
    fold: int
    run: str


class StudyFolder:
    """Reads and writes one study's folder: `study.json`, `result.json`, `result.md`."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.folder = workspace.root / "studies" / safe_name(name)

    def runs(self) -> list[StudyRun]:
        """Return the runs that were made for the study, in the order of its table."""
        path = self.folder / "study.json"
        return [StudyRun(**entry) for entry in read_json(path)["runs"]] if path.exists() else []

    def require_same(self, asked: dict[str, Any]) -> None:
        """Refuse to go on with a study that was something else when its runs were made.

        Raises:
            StudyRefusedError: with what differs.
        """
        path = self.folder / "study.json"
        if not path.exists():
            return
        kept = read_json(path)
        if kept.get("schema_version") != SCHEMA_VERSION:
            raise StudyRefusedError(
                f"study {self.folder.name} is of schema {kept.get('schema_version')}; this program reads "
                f"{SCHEMA_VERSION}: update it"
            )
        if differs := [key for key in asked if kept[key] != asked[key]]:
            raise StudyRefusedError(
                f"study {self.folder.name} was begun with another {' and '.join(differs)}; give the study another "
                "name, or delete its folder in the workspace to begin again"
            )

    def write(self, asked: dict[str, Any], runs: list[StudyRun]) -> None:
        """Keep what was asked and which runs were made for it."""
        made = [{"variant": run.variant, "fold": run.fold, "run": run.run} for run in runs]
        write_json(self.folder / "study.json", {"schema_version": SCHEMA_VERSION, **asked, "runs": made})


def queue_study(
    workspace: Workspace, study: Study, cohort_name: str | None, split_name: str, device: str
) -> list[StudyRun]:
    """Queue every run of a study that is not done; those made before are taken up again where they ended.

    Args:
        workspace: where the cohort is and the runs will be.
        study: what to train.
        cohort_name: on which cohort; None takes the only one.
        split_name: on which split of it.
        device: as `train --device` takes it.

    Raises:
        StudyRefusedError: it was begun as something else, or names a fold that the split lacks.
        TrainingRefusedError, NotInWorkspaceError: recipe, cohort and split do not fit together.
    """
    cohort = workspace.cohort(cohort_name)
    folds = len(workspace.split(cohort.name, split_name).folds)
    wanted = range(folds) if study.folds == "all" else study.folds
    if wrong := [fold for fold in wanted if fold >= folds]:
        raise StudyRefusedError(f"study {study.name} wants fold {wrong[0]}; split {split_name} has {folds}, from 0")
    place = StudyFolder(workspace, study.name)
    asked = {"study": study.resolved(), "cohort": cohort.name, "split": split_name}
    place.require_same(asked)
    made = {(run.variant, run.fold): run for run in place.runs() if run.run in workspace.run_names()}
    planned = [
        (variant, fold, plan_run(workspace, variant.recipe, cohort.name, split_name, fold))
        for variant in study.variants()
        for fold in wanted
    ]
    runs = []
    for variant, fold, plan in planned:
        known = made.get((variant.title, fold))
        runs.append(known or StudyRun(variant.title, fold, create_run(workspace, variant.recipe, plan).name))
        place.write(asked, runs + [run for run in made.values() if run not in runs])
    place.write(asked, runs)
    for run in runs:
        if RunFolder(workspace.run_folder(run.run)).status.state not in (*ACTIVE, "done"):
            enqueue(workspace, run.run, device)
    advance(workspace)
    return runs


def wait_for(workspace: Workspace, runs: list[StudyRun], on_runs: OnRuns) -> None:
    """Wait until every run has ended, moving the queue on.

    Args:
        workspace: where the runs are.
        runs: what `queue_study` returned.
        on_runs: told how many have ended, of how many, and what the one in hand does, when it changes.

    Raises:
        StudyFailedError: some ended before they were done.
    """
    said = ""
    while True:
        states = {run.run: RunFolder(workspace.run_folder(run.run)).status for run in runs}
        active = [status for status in states.values() if status.state in ACTIVE]
        running = [f"{status.run}, {_tenths(status)} %" for status in active if status.state == "running"]
        words = ", ".join(running)
        if words != said:
            said = words
            on_runs(len(runs) - len(active), len(runs), words)
        if not active:
            break
        advance(workspace)
        time.sleep(LOOK_EVERY_S)
    if unfinished := [status for status in states.values() if status.state != "done"]:
        first = unfinished[0]
        raise StudyFailedError(
            f"{len(unfinished)} of {len(runs)} runs are not done; {first.run} is {first.state}"
            f"{f': {first.message}' if first.message else ''}; give the same command again to go on"
        )


def _tenths(status: Status) -> int:
    return 10 * (10 * status.step // status.total_steps) if status.total_steps else 0


def score_study(
    workspace: Workspace, cohort: Cohort, split_name: str, runs: list[StudyRun], segmenter: Segmenter, on_case: OnCase
) -> dict[str, Any]:
    """Score every variant's best checkpoints on the patients that they never saw.

    Returns:
        The `evaluate` document, with `runs` beside it: per variant what each of its trainings was.
    """
    members: dict[str, list[StudyRun]] = {}
    for run in runs:
        members.setdefault(run.variant, []).append(run)
    contenders = [
        Contender(title, tuple(resolve_checkpoint(workspace, run.run) for run in part))
        for title, part in members.items()
    ]
    split = workspace.split(cohort.name, split_name)
    several = len({run.fold for run in runs}) > 1
    document = evaluate(segmenter, cohort, contenders, split, "out-of-fold" if several else "test", on_case)
    document["runs"] = {
        contender.name: [
            _facts(workspace, run, checkpoint.card.steps, checkpoint.card.parameters)
            for run, checkpoint in zip(members[contender.name], contender.members, strict=True)
        ]
        for contender in contenders
    }
    return document


def curves_of_study(workspace: Workspace, title: str, runs: list[StudyRun]) -> Drawing:
    """Draw what every training of a study measured.

    Args:
        workspace: where the runs are.
        title: of the study.
        runs: what `queue_study` returned.
    """
    several = len({run.fold for run in runs}) > 1
    named = [(f"{run.variant}, fold {run.fold}" if several else run.variant, run) for run in runs]
    return study_curves(title, [_curves(RunFolder(workspace.run_folder(run.run)), name) for name, run in named])


def _curves(folder: RunFolder, name: str) -> TrainingCurves:
    curves = CurveReader(folder.folder / "metrics.jsonl").read()
    total = folder.status.total_steps
    steps = [point.step for point in curves.validations]
    regions = dict.fromkeys(region for point in curves.validations for region in point.dice)
    scored = {
        region: [(point.step, value) for point in curves.validations if (value := point.dice.get(region)) is not None]
        for region in regions
    }
    return TrainingCurves(
        name=name,
        total=total,
        each_step=thinned(curves.steps, curves.losses, total, POINTS),
        training=thinned(curves.steps, smoothed(curves.losses, max(1, total // SMOOTHED)), total, POINTS),
        validation=(steps, [point.loss for point in curves.validations]),
        dice={region: ([step for step, _ in found], [value for _, value in found]) for region, found in scored.items()},
    )


def keep_result(workspace: Workspace, name: str, document: dict[str, Any], page: str, curves: Drawing) -> Path:
    """Write a study's result beside it and return the page's path; the curves are called as the page."""
    place = StudyFolder(workspace, name).folder
    write_json(place / "result.json", document)
    return write_page(place / "result.md", page, curves)


def write_page(path: Path, page: str, curves: Drawing) -> Path:
    """Write a result page, its curves beside it, and the line in it that shows them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = path.with_suffix(".svg")
    picture.write_bytes(curves.svg())
    path.write_text(f"{page}\n![Loss and validation Dice of every training]({picture.name})\n", encoding="utf-8")
    return path


def _facts(workspace: Workspace, run: StudyRun, best_step: int, parameters: int) -> dict[str, Any]:
    folder = RunFolder(workspace.run_folder(run.run))
    status = folder.status
    return {
        "run": run.run,
        "fold": run.fold,
        "steps": status.step,
        "best_step": best_step,
        "parameters": parameters,
        "elapsed_s": round(status.elapsed_s, 1),
        "device": status.compute.get("device", ""),
        "seed": folder.recipe.train.seed,
    }
