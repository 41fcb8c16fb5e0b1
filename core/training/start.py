"""Set a training up: a new run from recipe, cohort and split. Nothing is computed here, and torch stays out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from core.data.leakage import Audit
from core.data.slice_split import SliceSplit
from core.data.splits import Fold, Split
from core.errors import RefusedError
from core.postprocess import StepError, check_steps
from core.recipe import Recipe
from core.training.runs.disk import writing_workspace
from core.training.runs.run_folder import RunFolder
from core.workspace import Cohort, Workspace

NOT_YET = Audit((), 0, 0, "unknown")
NO_FOLD = Fold((), (), ())


class TrainingRefusedError(RefusedError):
    """A training cannot start; the message says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which data a run trains on, and what the audit says of it.

    Attributes:
        cohort: where the cases are.
        split_name: which split.
        fold_number: which fold of it.
        fold: its cases; on a slice split the same ones train and test.
        audit: of the whole split.
        slice_split: which slices train and which test, where a part goes by slices and not by patients.
    """

    cohort: Cohort
    split_name: str
    fold_number: int
    fold: Fold
    audit: Audit
    slice_split: SliceSplit | None = None

    @property
    def leaks(self) -> bool:
        """Whether something of what this fold trains on stands in what it is scored on."""
        return not self.audit.of_fold(self.fold_number).clean


def plan_run(
    workspace: Workspace,
    recipe: Recipe,
    cohort_name: str | None,
    split_name: str,
    fold: int | None,
    *,
    allow_leaks: bool = False,
    slice_split: bool = False,
) -> Plan:
    """Check that recipe, cohort and split fit together.

    Args:
        workspace: where the cohort is.
        recipe: what to train.
        cohort_name: which cohort; None takes the only one.
        split_name: which split of it.
        fold: which fold; None where there is one.
        allow_leaks: train on a split that leaks; the run then says so wherever it is shown.
        slice_split: train on a share of the slices of every patient that the fold trains on or tests, which leaks.

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
    chosen = split.folds[number]
    if not slice_split:
        return _checked(workspace, recipe, Plan(cohort, split_name, number, chosen, NOT_YET), split, allow_leaks)
    return _by_slices(workspace, recipe, cohort, split_name, number, chosen)


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
    by_slices = SliceSplit.from_json(used["slice_split"]) if used.get("slice_split") else None
    plan = Plan(cohort, used["split"], used["fold"], fold, NOT_YET, by_slices)
    # the fold keeps its number, so that the audit names it as the split does
    split = Split(cohort.group_kind, 0, (*(NO_FOLD,) * plan.fold_number, fold))
    return _checked(workspace, recipe, plan, split, bool(used.get("leaks")))


def _by_slices(workspace: Workspace, recipe: Recipe, cohort: Cohort, split_name: str, number: int, fold: Fold) -> Plan:
    """Let the patients that train and those that test do both."""
    both = tuple(sorted({*fold.train, *fold.test}))
    mixed = Fold(both, fold.validation, both)
    plan = Plan(cohort, split_name, number, mixed, NOT_YET, SliceSplit(recipe.train.seed))
    split = Split(cohort.group_kind, recipe.train.seed, (*(NO_FOLD,) * number, mixed))
    return _checked(workspace, recipe, plan, split, allow_leaks=True)


def _checked(workspace: Workspace, recipe: Recipe, plan: Plan, split: Split, allow_leaks: bool) -> Plan:
    cohort, chosen = plan.cohort, plan.fold
    if gone := [case for case in (*chosen.train, *chosen.validation) if case not in cohort.cases]:
        raise TrainingRefusedError(f"the split names cases that the cohort lacks ({gone[0]}); make the split again")
    audit = workspace.audit(cohort, split)
    if not audit.clean and not allow_leaks:
        first = audit.leaks[0]
        more = f" (and {len(audit.leaks) - 1} more)" if len(audit.leaks) > 1 else ""
        raise TrainingRefusedError(
            f"split {plan.split_name} leaks: {first.sentence}{more}. {first.fix}; or train all the same with "
            "--allow-leaks, and every table will say so"
        )
    if missing := [name for name in recipe.data.modalities if name not in cohort.modalities]:
        here = ", ".join(cohort.modalities)
        raise TrainingRefusedError(
            f"recipe {recipe.name} reads {', '.join(missing)}, which cohort {cohort.name} lacks (it has {here}); "
            "set data.modalities"
        )
    try:
        check_steps(recipe.post.steps, cohort.scheme.region_names, cohort.scheme)
    except StepError as error:
        raise TrainingRefusedError(f"recipe {recipe.name}, post.steps: {error}") from None
    if blind := [case for case in (*chosen.train, *chosen.validation) if cohort.cases[case].case.reference is None]:
        raise TrainingRefusedError(f"{blind[0]} has no reference mask; leave it out of training and validation")
    return replace(plan, audit=audit)


def create_run(workspace: Workspace, recipe: Recipe, plan: Plan) -> RunFolder:
    """Make the run's folder; nothing is computed yet.

    Raises:
        UnwritableError: the workspace is read-only or its disk is full.
    """
    split: dict[str, Any] = {
        "cohort": plan.cohort.name,
        "split": plan.split_name,
        "fold": plan.fold_number,
        "train": list(plan.fold.train),
        "validation": list(plan.fold.validation),
        "test": list(plan.fold.test),
        "audit": plan.audit.to_json(),
        "leaks": plan.leaks,
    }
    if plan.slice_split:
        split["slice_split"] = plan.slice_split.to_json()
    with writing_workspace():
        return RunFolder.create(workspace, recipe, split)
