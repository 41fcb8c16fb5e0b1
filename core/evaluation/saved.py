"""Scores of saved masks, kept beside them, so that a page shows numbers without computing a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from core.checkpoints import Checkpoint
from core.evaluation.case_mask import pick_regions
from core.evaluation.contenders import group_content, seen_content, seen_part
from core.evaluation.convention_table import CaseConventions, convention_means, conventions_of_mask
from core.evaluation.kept_masks import KeptMasks, kept_masks
from core.evaluation.saved_files import (
    SavedModel,
    beside_mask,
    computed_once,
    has_mask,
    has_reference,
    reference_of,
    regions_of,
    saved_mask,
    saved_prediction,
    scoring_key,
)
from core.evaluation.scoring import DEFAULT_SCORING, CaseScores, Scoring, score_case
from core.evaluation.summary import summarise
from core.inference.segment import prediction_folder
from core.workspace import Cohort, Workspace

__all__ = [
    "ConventionMeans",
    "KeptMasks",
    "SavedModel",
    "has_mask",
    "masks_elsewhere",
    "saved_convention_means",
    "saved_conventions",
    "saved_mask",
    "saved_prediction",
    "saved_scores",
    "saved_summary",
]

# goes up when the same masks would give other numbers under the same words: those kept before are computed again
SCORES_VERSION = 2
CONVENTIONS_VERSION = 1


def masks_elsewhere(workspace: Workspace, cohort: Cohort) -> dict[str, KeptMasks]:
    """Return the masks made elsewhere that were brought in for a cohort, by name."""
    return kept_masks(workspace, cohort.name)


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

    kept: CaseConventions = computed_once(_conventions_file(workspace, cohort, case_id, model), compute)
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
    content = _content_of_groups(cohort)
    ends, waiting = monotonic() + budget_s, 0
    for name, model in models.items():
        seen, made = _seen(model), _made(workspace, cohort, model)
        for case_id in made:
            if seen_part(seen, content[cohort.cases[case_id].case.group_id]) or not has_reference(cohort, case_id):
                continue
            if monotonic() > ends and not _conventions_file(workspace, cohort, case_id, model).exists():
                waiting += 1
            elif conventions := saved_conventions(workspace, cohort, case_id, model):
                found[name][case_id] = conventions
    return ConventionMeans(convention_means(found), waiting)


def saved_summary(workspace: Workspace, cohort: Cohort, models: Mapping[str, SavedModel]) -> dict[str, Any]:
    """Return the `evaluate` document over every case that has been scored before, seen patients dropped.

    Args:
        workspace: where masks are.
        cohort: on which cases.
        models: name to checkpoint or masks made elsewhere.
    """
    scores: dict[str, dict[str, CaseScores]] = {name: {} for name in models}
    dropped = []
    content = _content_of_groups(cohort)
    made = {name: set(_made(workspace, cohort, model)) for name, model in models.items()}
    seen = {name: _seen(model) for name, model in models.items()}
    for case_id, entry in cohort.cases.items():
        for name, model in models.items():
            if part := seen_part(seen[name], content[entry.case.group_id]):
                dropped.append({"model": name, "case": case_id, "matches_part": part})
            elif case_id in made[name] and (found := saved_scores(workspace, cohort, case_id, model)):
                scores[name][case_id] = found
    groups = {case_id: entry.case.group_id for case_id, entry in cohort.cases.items()}
    return summarise(scores, groups, cohort.group_kind, dropped=dropped)


def _seen(model: SavedModel) -> dict[str, frozenset[str]]:
    """Return what a model has seen; of masks made elsewhere nobody here knows."""
    return seen_content(model) if isinstance(model, Checkpoint) else {}


def _made(workspace: Workspace, cohort: Cohort, model: SavedModel) -> list[str]:
    """Return the cases of which a model has a mask: one listing of its folders instead of a look per case."""
    if isinstance(model, KeptMasks):
        return [case_id for case_id in cohort.cases if model.mask_of(cohort, case_id)]
    if model.card.leaks:  # scored in its own rows of `evaluate --conventions`, and nowhere else
        return []
    there = {path.name for path in workspace.root.glob(f"predictions/{model.id}/*")}
    return [
        case_id
        for case_id, entry in cohort.cases.items()
        if prediction_folder(workspace, model, entry.content).name in there
    ]


def _content_of_groups(cohort: Cohort) -> dict[str, frozenset[str]]:
    return {group: group_content(cohort, members) for group, members in cohort.groups.items()}


def _conventions_file(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> Path:
    return beside_mask(workspace, cohort, case_id, model, "conventions", str(CONVENTIONS_VERSION))
