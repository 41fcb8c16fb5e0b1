"""What went wrong in saved masks, kept beside them, and ranked over a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from core.checkpoints import Checkpoint
from core.evaluation.contenders import group_content, seen_content, seen_part
from core.evaluation.failures import RANKED, CaseFailures, find_failures, rank_failures
from core.evaluation.saved import saved_scores
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
    ends, waiting = monotonic() + budget_s, 0
    content = {group: group_content(cohort, members) for group, members in cohort.groups.items()}
    ranked: dict[str, list[dict[str, Any]]] = {}
    for name, model in models.items():
        if isinstance(model, Checkpoint) and model.card.leaks:
            ranked[name] = []
            continue
        seen = seen_content(model) if isinstance(model, Checkpoint) else {}
        found: dict[str, CaseFailures] = {}
        scores: dict[str, CaseScores] = {}
        for case_id, entry in cohort.cases.items():
            if seen_part(seen, content[entry.case.group_id]) or not has_reference(cohort, case_id):
                continue
            if not has_mask(workspace, cohort, case_id, model):
                continue
            if monotonic() > ends and not _file(workspace, cohort, case_id, model).exists():
                waiting += 1
                continue
            found[case_id] = saved_failures(workspace, cohort, case_id, model) or {}
            scores[case_id] = saved_scores(workspace, cohort, case_id, model) or {}
        ranked[name] = rank_failures(found, scores, metrics, most)
    return FailureList(ranked, waiting)


def _file(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> Path:
    return beside_mask(workspace, cohort, case_id, model, "failures", str(FAILURES_VERSION))
