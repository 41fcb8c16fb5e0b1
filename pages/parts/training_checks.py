"""What is known before a training starts: who trains, who validates, and that nothing leaks."""

from __future__ import annotations

from core.recipe import Recipe
from core.training.start import Plan
from core.workspace import Cohort
from pages.parts import store


def checks(recipe: Recipe, plan: Plan) -> list[tuple[bool, str]]:
    """Return sentences about a training that can start, and whether each is fine.

    Args:
        recipe: what to train.
        plan: on which data; it has passed the audit.
    """
    cohort, fold = plan.cohort, plan.fold
    audit = cohort.audit(store.workspace().split(cohort.name, plan.split_name)).to_json()
    trained, validated, tested = (_groups(cohort, part) for part in (fold.train, fold.validation, fold.test))
    kind = cohort.group_word
    said = [
        (True, f"split leaks nothing (audit {audit['sha256'][:4]})"),
        (True, f"{trained} {kind}{'s' if trained != 1 else ''} train, {validated} validate, {tested} test"),
    ]
    if not fold.validation:
        said[1] = (False, f"{trained} {kind}s train; none validates: no Dice curve and no best checkpoint")
    if recipe.data.plane == "axial":
        said.append((True, _length(recipe, sum(cohort.cases[case].facts["slices"]["axial"] for case in fold.train))))
    return said


def _length(recipe: Recipe, slices: int) -> str:
    per_epoch = max(1, -(-slices // recipe.train.batch_size))
    steps = min(recipe.train.epochs * per_epoch, recipe.train.max_steps or recipe.train.epochs * per_epoch)
    return f"{slices:,} slices: {steps:,} steps are {steps / per_epoch:.1f} epochs"


def _groups(cohort: Cohort, cases: tuple[str, ...]) -> int:
    return len({cohort.cases[case].case.group_id for case in cases})
