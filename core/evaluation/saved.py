"""Scores of saved predictions, kept beside them, so that a page shows numbers without computing a model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from core.atomic import read_json, write_json
from core.checkpoints import Checkpoint
from core.evaluation.convention_table import CaseConventions, convention_means, conventions_against_reference
from core.evaluation.evaluate import group_content, score_against_reference, seen_content, seen_part
from core.evaluation.scoring import CaseScores
from core.evaluation.summary import summarise
from core.inference.prediction import Prediction
from core.inference.segment import prediction_folder
from core.workspace import Cohort, Workspace

# goes up when a convention's numbers change: those kept under another version are computed again
CONVENTIONS_VERSION = 1


def saved_prediction(workspace: Workspace, cohort: Cohort, case_id: str, checkpoint: Checkpoint) -> Prediction | None:
    """Return what a checkpoint made of a case, if it has been computed."""
    folder = prediction_folder(workspace, checkpoint, cohort.cases[case_id].content)
    return Prediction.load(folder) if (folder / "prediction.json").exists() else None


def saved_scores(workspace: Workspace, cohort: Cohort, case_id: str, checkpoint: Checkpoint) -> CaseScores | None:
    """Return a saved prediction's scores against the case's reference, computing them once.

    Returns:
        Scores by region that model and cohort share, or None where there is no prediction or no reference.
    """
    entry = cohort.cases[case_id]
    prediction = saved_prediction(workspace, cohort, case_id, checkpoint)
    if prediction is None or entry.case.reference is None or not entry.case.reference.file.exists():
        return None
    folder = prediction_folder(workspace, checkpoint, entry.content)
    path = folder / f"scores-{_reference_id(entry.case.reference.file)}.json"
    if path.exists():
        scores: CaseScores = read_json(path)
        return scores
    shared = tuple(region for region in cohort.scheme.region_names if region in prediction.regions)
    scores = score_against_reference(cohort, case_id, prediction, shared)
    write_json(path, scores)
    return scores


def saved_conventions(
    workspace: Workspace, cohort: Cohort, case_id: str, checkpoint: Checkpoint
) -> CaseConventions | None:
    """Return a saved prediction's Dice in every convention, computing them once.

    Returns:
        Convention to region to numerator and denominator, or None where there is no prediction or no reference.
    """
    entry = cohort.cases[case_id]
    prediction = saved_prediction(workspace, cohort, case_id, checkpoint)
    if prediction is None or entry.case.reference is None or not entry.case.reference.file.exists():
        return None
    path = _conventions_file(workspace, cohort, case_id, checkpoint)
    if path.exists():
        kept: CaseConventions = read_json(path)
        return kept
    shared = tuple(region for region in cohort.scheme.region_names if region in prediction.regions)
    found = conventions_against_reference(cohort, case_id, prediction, shared, checkpoint.spec)
    write_json(path, found)
    return found


@dataclass(frozen=True, slots=True)
class ConventionMeans:
    """What every convention gives over a cohort.

    Attributes:
        means: convention to model to region to `mean` and `n`.
        waiting: how many predictions have not been scored in every way yet.
    """

    means: dict[str, dict[str, dict[str, dict[str, Any]]]]
    waiting: int


def saved_convention_means(
    workspace: Workspace, cohort: Cohort, checkpoints: dict[str, Checkpoint], budget_s: float
) -> ConventionMeans:
    """Return every convention's means over the cases with a prediction, seen patients dropped.

    Args:
        workspace: where predictions are.
        cohort: on which cases.
        checkpoints: name to checkpoint.
        budget_s: once this is spent, what has not been scored before waits for the next call.
    """
    found: dict[str, dict[str, CaseConventions]] = {name: {} for name in checkpoints}
    content = _content_of_groups(cohort)
    ends, waiting = monotonic() + budget_s, 0
    for name, checkpoint in checkpoints.items():
        for case_id in _unseen(workspace, cohort, checkpoint, content):
            if monotonic() > ends and not _conventions_file(workspace, cohort, case_id, checkpoint).exists():
                waiting += 1
            elif conventions := saved_conventions(workspace, cohort, case_id, checkpoint):
                found[name][case_id] = conventions
    return ConventionMeans(convention_means(found), waiting)


def saved_summary(workspace: Workspace, cohort: Cohort, checkpoints: dict[str, Checkpoint]) -> dict[str, Any]:
    """Return the `evaluate` document over every case that has been scored before, seen patients dropped.

    Args:
        workspace: where predictions are.
        cohort: on which cases.
        checkpoints: name to checkpoint.
    """
    scores: dict[str, dict[str, CaseScores]] = {name: {} for name in checkpoints}
    dropped = []
    content = _content_of_groups(cohort)
    made = {name: _predicted(workspace, checkpoint) for name, checkpoint in checkpoints.items()}
    seen = {name: seen_content(checkpoint) for name, checkpoint in checkpoints.items()}
    for case_id, entry in cohort.cases.items():
        for name, checkpoint in checkpoints.items():
            if part := seen_part(seen[name], content[entry.case.group_id]):
                dropped.append({"model": name, "case": case_id, "matches_part": part})
            elif prediction_folder(workspace, checkpoint, entry.content).name in made[name] and (
                found := saved_scores(workspace, cohort, case_id, checkpoint)
            ):
                scores[name][case_id] = found
    groups = {case_id: entry.case.group_id for case_id, entry in cohort.cases.items()}
    return summarise(scores, groups, cohort.group_kind, dropped=dropped)


def _unseen(
    workspace: Workspace, cohort: Cohort, checkpoint: Checkpoint, content: Mapping[str, frozenset[str]]
) -> list[str]:
    """Return the cases with a prediction and a reference, of groups that the checkpoint has not seen."""
    seen, made = seen_content(checkpoint), _predicted(workspace, checkpoint)
    return [
        case_id
        for case_id, entry in cohort.cases.items()
        if prediction_folder(workspace, checkpoint, entry.content).name in made
        and seen_part(seen, content[entry.case.group_id]) is None
        and entry.case.reference is not None
        and entry.case.reference.file.exists()
    ]


def _content_of_groups(cohort: Cohort) -> dict[str, frozenset[str]]:
    return {group: group_content(cohort, members) for group, members in cohort.groups.items()}


def _predicted(workspace: Workspace, checkpoint: Checkpoint) -> set[str]:
    """Return the names of a checkpoint's prediction folders: one listing instead of a look per case."""
    return {path.name for path in workspace.root.glob(f"predictions/{checkpoint.id}/*")}


def _conventions_file(workspace: Workspace, cohort: Cohort, case_id: str, checkpoint: Checkpoint) -> Path:
    entry = cohort.cases[case_id]
    assert entry.case.reference is not None
    name = f"conventions-{CONVENTIONS_VERSION}-{_reference_id(entry.case.reference.file, cohort.scheme.name)}.json"
    return prediction_folder(workspace, checkpoint, entry.content) / name


def _reference_id(file: Path, *more: str) -> str:
    stat = file.stat()
    return hashlib.sha256(" ".join([str(stat.st_size), str(stat.st_mtime_ns), *more]).encode()).hexdigest()[:12]
