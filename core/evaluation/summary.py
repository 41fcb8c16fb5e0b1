"""Scores of cases become the document that `evaluate` prints: means, intervals, tests, and what they mean.

Models are compared on the same cases: a case that one of them lacks, and a region that has no number for one
of them, count for none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from core.evaluation.comparison import Scores, comparable, number, paired_tests, regions_in, shared_cases
from core.evaluation.scoring import DEFAULT_POLICY, RegionScores, Scoring, scoring_words
from core.evaluation.statistics import MINIMUM_GROUPS, RESAMPLES, SEED, Values, bootstrap_ci95, too_few
from core.metrics import METRICS
from core.metrics.empty_masks import EmptyMaskPolicy

_INTERVAL = f"95 % percentile bootstrap of the mean, {RESAMPLES} draws of whole groups, seed {SEED}"
_TEST = (
    "two-sided Wilcoxon signed-rank test on one mean difference per group, Holm-adjusted over all pairs of models and "
    "regions of one metric; effect size: matched-pairs rank-biserial correlation, positive where the first is larger"
)


def summarise(
    scores: Scores,
    groups: Mapping[str, str],
    group_kind: str,
    *,
    dropped: Sequence[Mapping[str, Any]] = (),
    audit: Mapping[str, Any] | None = None,
    policy: EmptyMaskPolicy = DEFAULT_POLICY,
) -> dict[str, Any]:
    """Build the `evaluate` document.

    Empty masks: a case whose reference region is empty is in no mean of that region under the leave-out policy; its
    false positives are summarised under `false_positive_ml` and `false_positive_rate`, over those cases alone.

    Args:
        scores: model to case id to what `score_case` returned.
        groups: case id to group id; intervals and tests draw groups.
        group_kind: what a group is, such as patient.
        dropped: cases that were not scored, with the reason.
        audit: the leakage audit of the split.
        policy: the empty-mask policy the cases were scored under.

    Returns:
        A JSON document: models (cases, summary), not_compared, dropped, tests, audit, policy, group_kind. In a
        summary `n` counts cases, `n_groups` groups, `n_empty` cases with an empty reference and `n_flagged` values
        that the policy set; without any case the numbers are null.

    Raises:
        ValueError: a scored case belongs to no group.
    """
    _require_groups(scores, groups)
    shared = shared_cases(scores)
    metrics = _metrics_in(scores)
    policy_words = scoring_words(Scoring(tuple(metrics), policy))
    policy_words |= {"interval": _INTERVAL, "test": _TEST, "minimum_groups": MINIMUM_GROUPS}
    return {
        "models": {
            model: {
                "cases": {case: cases[case] for case in sorted(cases)},
                "summary": {
                    region: _summarise_region(scores, model, region, shared, groups, metrics)
                    for region in regions_in(cases)
                },
            }
            for model, cases in scores.items()
        },
        "not_compared": _not_compared(scores, shared),
        "dropped": [dict(entry) for entry in dropped],
        "tests": paired_tests(scores, shared, groups, metrics),
        "audit": dict(audit or {}),
        "policy": policy_words,
        "group_kind": group_kind,
    }


def _require_groups(scores: Scores, groups: Mapping[str, str]) -> None:
    if strangers := sorted({case for cases in scores.values() for case in cases} - set(groups)):
        raise ValueError(
            f"found scores of {', '.join(strangers)}, which belong to no group; "
            "expected the group (patient) of every scored case, or intervals cannot be drawn by patient"
        )


def _not_compared(scores: Scores, shared: Sequence[str]) -> list[dict[str, Any]]:
    everything = {case for cases in scores.values() for case in cases}
    return [
        {"case": case, "missing_from": [model for model, cases in scores.items() if case not in cases]}
        for case in sorted(everything - set(shared))
    ]


def _metrics_in(scores: Scores) -> list[str]:
    found = {
        key for cases in scores.values() for regions in cases.values() for region in regions.values() for key in region
    }
    return [name for name in METRICS if name in found]


def _summarise_region(
    scores: Scores, model: str, region: str, shared: Sequence[str], groups: Mapping[str, str], metrics: Sequence[str]
) -> dict[str, Any]:
    scored = {case: scores[model][case][region] for case in shared if region in scores[model].get(case, {})}
    empty = [case for case, entry in scored.items() if entry["reference_voxels"] == 0]
    summary: dict[str, Any] = {}
    for metric in metrics:
        counted = [case for case in comparable(scores, region, metric, shared) if case in scored]
        flagged = sum(f"{metric}_flag" in scored[case] for case in counted)
        values = [number(scored[case], metric) for case in counted]
        summary[metric] = _describe(values, counted, groups) | {"n_empty": len(empty), "n_flagged": flagged}
    invented: dict[str, Callable[[RegionScores], float | None]] = {
        "false_positive_ml": lambda entry: _optional(entry, "false_positive_ml"),
        "false_positive_rate": lambda entry: float(number(entry, "prediction_voxels") > 0),
    }
    for name, value_of in invented.items():
        found = {case: value for case in empty if (value := value_of(scored[case])) is not None}
        summary[name] = _describe(list(found.values()), list(found), groups) | {"n_empty": len(empty), "n_flagged": 0}
    return summary


def _describe(values: Sequence[float], cases: Sequence[str], groups: Mapping[str, str]) -> dict[str, Any]:
    array: Values = np.asarray(values, np.float64)
    members = [groups[case] for case in cases]
    n_groups = len(set(members))
    interval = bootstrap_ci95(array, members)
    summary: dict[str, Any] = {
        "mean": float(array.mean()) if array.size else None,
        "median": float(np.median(array)) if array.size else None,
        "ci95": None if interval is None else list(interval),
        "n": int(array.size),
        "n_groups": n_groups,
    }
    if reason := too_few(n_groups):
        summary["ci95_reason"] = reason
    return summary


def _optional(scores: RegionScores, name: str) -> float | None:
    return None if scores.get(name) is None else number(scores, name)
