"""Saved masks in every scoring convention, counted once per case and kept beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from core.evaluation.convention_table import CaseConventions, convention_means, conventions_of_mask
from core.evaluation.saved_cases import masks_to_score
from core.evaluation.saved_files import (
    SavedModel,
    beside_mask,
    computed_once,
    has_mask,
    has_reference,
    reference_of,
    regions_of,
    saved_mask,
)
from core.workspace import Cohort, Workspace

# goes up when the same masks would give other shares: those kept under another version are counted again
CONVENTIONS_VERSION = 1


def saved_conventions(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> CaseConventions | None:
    """Return a saved mask's Dice in every convention, computing them once.

    Returns:
        Convention to region to numerator and denominator, or None where there is no mask or no reference.
    """
    if not has_reference(cohort, case_id) or not has_mask(workspace, cohort, case_id, model):
        return None

    def compute() -> CaseConventions:
        made = saved_mask(workspace, cohort, case_id, model)
        assert made is not None
        reference, _ = reference_of(cohort, case_id)
        return conventions_of_mask(cohort, case_id, made, reference, regions_of(cohort, made))

    kept: CaseConventions = computed_once(_file(workspace, cohort, case_id, model), compute)
    return kept


@dataclass(frozen=True, slots=True)
class ConventionMeans:
    """What every convention gives over a cohort.

    Attributes:
        means: convention to model to region to `mean` and `n`.
        waiting: how many masks have not been scored in every way yet.
    """

    means: dict[str, dict[str, dict[str, dict[str, Any]]]]
    waiting: int


def saved_convention_means(
    workspace: Workspace, cohort: Cohort, models: Mapping[str, SavedModel], budget_s: float
) -> ConventionMeans:
    """Return every convention's means over the cases with a mask, seen patients dropped.

    Args:
        workspace: where masks are.
        cohort: on which cases.
        models: name to checkpoint or masks made elsewhere.
        budget_s: once this is spent, what has not been scored before waits for the next call.
    """
    found: dict[str, dict[str, CaseConventions]] = {name: {} for name in models}
    ends, waiting = monotonic() + budget_s, 0
    for name, model, case_id in masks_to_score(workspace, cohort, models):
        if monotonic() > ends and not _file(workspace, cohort, case_id, model).exists():
            waiting += 1
        elif conventions := saved_conventions(workspace, cohort, case_id, model):
            found[name][case_id] = conventions
    return ConventionMeans(convention_means(found), waiting)


def _file(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> Path:
    return beside_mask(workspace, cohort, case_id, model, "conventions", str(CONVENTIONS_VERSION))
