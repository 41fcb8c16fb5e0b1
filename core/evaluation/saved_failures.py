"""What went wrong in saved masks, kept beside them, and ranked over a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.evaluation.failures import RANKED, CaseFailures, find_failures, rank_failures
from core.evaluation.saved import saved_scores
from core.evaluation.saved_cases import Budget, masks_to_score
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
from core.evaluation.scoring import CaseScores
from core.workspace import Cohort, Workspace

# goes up when the same masks would give other failures: those kept under another version are looked for again
FAILURES_VERSION = 1


def saved_failures(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> CaseFailures | None:
    """Return what is wrong in a saved mask, looking once.

    Returns:
        As `find_failures`, of the regions that model and cohort share; None where there is no mask or no reference.
    """
    if not has_reference(cohort, case_id) or not has_mask(workspace, cohort, case_id, model):
        return None

    def look() -> CaseFailures:
        made = saved_mask(workspace, cohort, case_id, model)
        assert made is not None
        regions, (reference, geometry) = cohort.scheme.region_names, reference_of(cohort, case_id)
        found = find_failures(made.of(regions), reference, regions, geometry)
        return {region: found[region] for region in regions_of(cohort, made)}

    kept: CaseFailures = computed_once(_file(workspace, cohort, case_id, model), look)
    return kept


@dataclass(frozen=True, slots=True)
class FailureList:
    """Ranked failures of several models.

    Attributes:
        failures: model to entries, as in the `evaluate` document.
        waiting: how many masks have not been looked at yet.
    """

    failures: dict[str, list[dict[str, Any]]]
    waiting: int


def saved_failure_list(
    workspace: Workspace,
    cohort: Cohort,
    models: Mapping[str, SavedModel],
    budget_s: float,
    most: int = 20,
    metrics: Sequence[str] = RANKED,
) -> FailureList:
    """Rank what went wrong in every saved mask, patients that a checkpoint has seen left out; of one that leaks none.

    Args:
        workspace: where masks are.
        cohort: on which cases.
        models: name to checkpoint or masks made elsewhere.
        budget_s: once this is spent, what has not been looked at before waits for the next call.
        most: how many of each region, kind and metric.
        metrics: by which cases are ranked.
    """
    found: dict[str, dict[str, CaseFailures]] = {name: {} for name in models}
    scores: dict[str, dict[str, CaseScores]] = {name: {} for name in models}
    budget = Budget.of(budget_s)
    for name, model, case_id in masks_to_score(workspace, cohort, models):
        if not budget.allows(_file(workspace, cohort, case_id, model)):
            continue
        failures = saved_failures(workspace, cohort, case_id, model)
        if failures is not None:
            found[name][case_id] = failures
            scores[name][case_id] = saved_scores(workspace, cohort, case_id, model) or {}
    ranked = {name: rank_failures(cases, scores[name], metrics, most) for name, cases in found.items()}
    return FailureList(ranked, budget.waiting)


def _file(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> Path:
    return beside_mask(workspace, cohort, case_id, model, "failures", str(FAILURES_VERSION))
