"""Scores of saved predictions, kept beside them, so that a page shows numbers without computing a model."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from core.atomic import read_json, write_json
from core.checkpoints import Checkpoint
from core.evaluation.evaluate import group_content, score_against_reference, seen_in
from core.evaluation.scoring import CaseScores
from core.evaluation.summary import summarise
from core.inference.prediction import Prediction
from core.inference.segment import prediction_folder
from core.workspace import Cohort, Workspace


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


def saved_summary(workspace: Workspace, cohort: Cohort, checkpoints: dict[str, Checkpoint]) -> dict[str, Any]:
    """Return the `evaluate` document over every case that has been scored before, seen patients dropped.

    Args:
        workspace: where predictions are.
        cohort: on which cases.
        checkpoints: name to checkpoint.
    """
    scores: dict[str, dict[str, CaseScores]] = {name: {} for name in checkpoints}
    dropped = []
    for case_id in cohort.cases:
        for name, checkpoint in checkpoints.items():
            if part := seen_in(checkpoint, group_content(cohort, case_id)):
                dropped.append({"model": name, "case": case_id, "matches_part": part})
            elif found := saved_scores(workspace, cohort, case_id, checkpoint):
                scores[name][case_id] = found
    groups = {case_id: entry.case.group_id for case_id, entry in cohort.cases.items()}
    return summarise(scores, groups, cohort.group_kind, dropped=dropped)


def _reference_id(file: Path) -> str:
    stat = file.stat()
    return hashlib.sha256(f"{stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:12]
