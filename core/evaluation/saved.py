"""Scores of saved masks, kept beside them, so that a page shows numbers without computing a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.evaluation.case_mask import pick_regions
from core.evaluation.saved_cases import SeenPatients, cases_with_mask
from core.evaluation.saved_files import (
    SavedModel,
    beside_mask,
    computed_once,
    has_mask,
    has_reference,
    reference_of,
    regions_of,
    saved_mask,
    scoring_key,
)
from core.evaluation.scoring import DEFAULT_SCORING, CaseScores, Scoring, score_case
from core.evaluation.summary import summarise
from core.workspace import Cohort, Workspace

# goes up when the same masks would give other numbers under the same words: those kept before are computed again
SCORES_VERSION = 2


def saved_scores(
    workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel, scoring: Scoring = DEFAULT_SCORING
) -> CaseScores | None:
    """Return a saved mask's scores against the case's reference, computing them once.

    Args:
        workspace: where masks are.
        cohort: of the case.
        case_id: which case.
        model: a checkpoint, or masks made elsewhere.
        scoring: how; scores kept under another definition of a metric do not count.

    Returns:
        Scores by region that model and cohort share, or None where there is no mask or no reference.
    """
    if not has_reference(cohort, case_id) or not has_mask(workspace, cohort, case_id, model):
        return None

    def compute() -> CaseScores:
        made = saved_mask(workspace, cohort, case_id, model)
        assert made is not None
        shared, (reference, geometry) = regions_of(cohort, made), reference_of(cohort, case_id)
        truth = pick_regions(reference, cohort.scheme.region_names, shared)
        return score_case(made.of(shared), truth, shared, geometry, scoring=scoring)

    version = scoring_key(scoring, SCORES_VERSION)
    kept: CaseScores = computed_once(beside_mask(workspace, cohort, case_id, model, "scores", version), compute)
    return kept


def saved_summary(workspace: Workspace, cohort: Cohort, models: Mapping[str, SavedModel]) -> dict[str, Any]:
    """Return the `evaluate` document over every case that has a saved mask, seen patients dropped.

    Args:
        workspace: where masks are.
        cohort: on which cases.
        models: name to checkpoint or masks made elsewhere.
    """
    scores: dict[str, dict[str, CaseScores]] = {name: {} for name in models}
    dropped = []
    made = {name: set(cases_with_mask(workspace, cohort, model)) for name, model in models.items()}
    seen = SeenPatients(cohort, models)
    for case_id in cohort.cases:
        for name, model in models.items():
            if part := seen.part(name, case_id):
                dropped.append({"model": name, "case": case_id, "matches_part": part})
            elif case_id in made[name] and (found := saved_scores(workspace, cohort, case_id, model)):
                scores[name][case_id] = found
    groups = {case_id: entry.case.group_id for case_id, entry in cohort.cases.items()}
    return summarise(scores, groups, cohort.group_kind, dropped=dropped)
