"""Trained on one cohort, scored on another: several `evaluate` documents side by side.

A model that holds up on its own cohort and falls on another's has learnt the cohort.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import RefusedError

_KEPT = ("mean", "median", "iqr", "ci95", "ci95_reason", "n", "n_groups", "n_empty")
WORDS = (
    "a mean over the cases of the column's cohort that every model has and none was trained or tuned on; columns are "
    "different patients, so a difference between two of them is not paired"
)


class CrossCohortError(RefusedError):
    """These documents make no table of cohorts; the message says why."""


def cross_cohort(documents: Sequence[Mapping[str, Any]], trained_on: Mapping[str, str]) -> dict[str, Any]:
    """Set documents of the same models side by side, one for each cohort that they were scored on.

    Args:
        documents: what `evaluate` returned, each of another cohort.
        trained_on: model to the cohort on its card, or what else made it.

    Returns:
        `rows`: model and trained_on, in the order of the cohorts trained on; `columns`: cohort, part and group_kind;
        `cells`: model to cohort to region to metric to mean, median, iqr, ci95, n, n_groups and n_empty, none where a
        model was scored on no case of a cohort; `dropped`: cohort to what was dropped there; `words`: what it means.

    Raises:
        CrossCohortError: fewer than two documents, two of one cohort, scores under different policies or definitions,
            or a model of which nobody says what it was trained on.
    """
    cohorts = [document["cohort"] for document in documents]
    if len(documents) < 2 or len(set(cohorts)) < len(cohorts):
        raise CrossCohortError(f"found documents of {', '.join(cohorts) or 'nothing'}; expected two or more cohorts")
    for document in documents[1:]:
        if unlike := _unlike(documents[0]["policy"], document["policy"]):
            raise CrossCohortError(
                f"cohorts {cohorts[0]} and {document['cohort']} were scored under another {unlike}; "
                "score both alike and compare then"
            )
    models = list(dict.fromkeys(model for document in documents for model in document["models"]))
    if unsaid := [model for model in models if model not in trained_on]:
        raise CrossCohortError(f"nothing says what {', '.join(unsaid)} was trained on; name the cohort of each model")
    models.sort(key=lambda model: trained_on[model])
    return {
        "rows": [{"model": model, "trained_on": trained_on[model]} for model in models],
        "columns": [
            {"cohort": document["cohort"], "part": document.get("part"), "group_kind": document["group_kind"]}
            for document in documents
        ],
        "cells": {
            model: {document["cohort"]: _cells(document["models"].get(model)) for document in documents}
            for model in models
        },
        "dropped": {document["cohort"]: document["dropped"] for document in documents},
        "words": WORDS,
    }


def _unlike(first: Mapping[str, Any], second: Mapping[str, Any]) -> str | None:
    """Return what two policies differ in so that their numbers are not the same thing, or None."""
    if first["empty_masks"] != second["empty_masks"]:
        return "policy for empty masks"
    if first.get("nsd_tolerance_mm") != second.get("nsd_tolerance_mm"):
        return "NSD tolerance"
    one, other = first["metrics"], second["metrics"]
    return next(
        (f"definition of {name}" for name in sorted(one.keys() & other.keys()) if one[name] != other[name]), None
    )


def _cells(entry: Mapping[str, Any] | None) -> dict[str, dict[str, dict[str, Any]]]:
    summary: Mapping[str, Any] = entry["summary"] if entry else {}
    return {
        region: {metric: {key: cell[key] for key in _KEPT if key in cell} for metric, cell in cells.items()}
        for region, cells in summary.items()
    }
