"""Set a training up: a new run from recipe, cohort and split. Nothing is computed here, and torch stays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.data.leakage import Audit
from core.data.splits import Fold, Split
from core.errors import RefusedError
from core.recipe import Recipe
from core.training.runs.disk import writing_workspace
from core.training.runs.run_folder import RunFolder
from core.workspace import Cohort, Workspace


class TrainingRefusedError(RefusedError):
    """A training cannot start; the message says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which data a run trains on, and that it leaks nothing."""

    cohort: Cohort
    split_name: str
    fold_number: int
    fold: Fold
    audit: Audit


def plan_run(workspace: Workspace, recipe: Recipe, cohort_name: str | None, split_name: str, fold: int | None) -> Plan:
    """Check that recipe, cohort and split fit together.

    Raises:
        NotInWorkspaceError: no such cohort or split.
        TrainingRefusedError: the split leaks, the fold is not said, a modality or every reference is missing.
    """
    cohort = workspace.cohort(cohort_name)
    split = workspace.split(cohort.name, split_name)
    if fold is None and len(split.folds) > 1:
        raise TrainingRefusedError(f"split {split_name} has {len(split.folds)} folds; name one with --fold, from 0")
    number = fold or 0
    if not 0 <= number < len(split.folds):
        raise TrainingRefusedError(f"fold {number} of a split with {len(split.folds)}; folds count from 0")
    return _checked(recipe, cohort, split_name, number, split.folds[number], split)


def plan_again(workspace: Workspace, recipe: Recipe, used: dict[str, Any]) -> Plan:
    """Return the plan of an earlier run, for another recipe on the same cases.

    Args:
        workspace: where the cohort is.
        recipe: what to train.
        used: the earlier run's `split.json`.

    Raises:
        NotInWorkspaceError: the cohort is gone.
        TrainingRefusedError: a case, a reference or a modality is missing, or the split leaks by now.
    """
    cohort = workspace.cohort(used["cohort"])
    fold = Fold(tuple(used["train"]), tuple(used["validation"]), tuple(used["test"]))
    return _checked(recipe, cohort, used["split"], used["fold"], fold, Split(cohort.group_kind, 0, (fold,)))


def _checked(recipe: Recipe, cohort: Cohort, split_name: str, number: int, chosen: Fold, split: Split) -> Plan:
    if gone := [case for case in (*chosen.train, *chosen.validation) if case not in cohort.cases]:
        raise TrainingRefusedError(f"the split names cases that the cohort lacks ({gone[0]}); make the split again")
    audit = cohort.audit(split)
    if not audit.clean:
        raise TrainingRefusedError(f"split {split_name} leaks: {audit.leaks[0].sentence}")
    if missing := [name for name in recipe.data.modalities if name not in cohort.modalities]:
        here = ", ".join(cohort.modalities)
        raise TrainingRefusedError(
            f"recipe {recipe.name} reads {', '.join(missing)}, which cohort {cohort.name} lacks (it has {here}); "
            "set data.modalities"
        )
    if blind := [case for case in (*chosen.train, *chosen.validation) if cohort.cases[case].case.reference is None]:
        raise TrainingRefusedError(f"{blind[0]} has no reference mask; leave it out of training and validation")
    return Plan(cohort, split_name, number, chosen, audit)


def create_run(workspace: Workspace, recipe: Recipe, plan: Plan) -> RunFolder:
    """Make the run's folder; nothing is computed yet.

    Raises:
        UnwritableError: the workspace is read-only or its disk is full.
    """
    split = {
        "cohort": plan.cohort.name,
        "split": plan.split_name,
        "fold": plan.fold_number,
        "train": list(plan.fold.train),
        "validation": list(plan.fold.validation),
        "test": list(plan.fold.test),
        "audit": plan.audit.to_json(),
    }
    with writing_workspace():
        return RunFolder.create(workspace, recipe, split)
