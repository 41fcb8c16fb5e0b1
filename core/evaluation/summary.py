"""Scores of cases become the document that `evaluate` prints: means, intervals, tests, and what they mean.

Models are compared on the same cases: a case that one of them lacks, and a region that has no number for one
of them, count for none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from core.evaluation.comparison import Margin, Scores, comparable, number, paired_tests, regions_in, shared_cases
from core.evaluation.paired import EXACT_GROUPS, SIGN_DRAWS, Test
from core.evaluation.scoring import DEFAULT_POLICY, RegionScores, Scoring, scoring_words
from core.evaluation.statistics import MINIMUM_GROUPS, RESAMPLES, SEED, describe
from core.evaluation.subgroups import Facts, subgroups
from core.metrics import METRICS
from core.metrics.empty_masks import EmptyMaskPolicy

_INTERVAL = (
    f"95 % percentile bootstrap of the mean, {RESAMPLES} draws of whole groups, seed {SEED}, the percentiles expanded "
    "for few groups (Hesterberg 2015)"
)
_TESTS: dict[Test, str] = {
    "wilcoxon": "two-sided Wilcoxon signed-rank test on one mean difference per group",
    "permutation": (
        "two-sided permutation test of the mean difference, flipping the sign of whole groups: every pattern up to "
        f"{EXACT_GROUPS} groups, {SIGN_DRAWS} drawn ones above, seed {SEED}"
    ),
}
_ADJUSTED = (
    "Holm-adjusted over all pairs of models and regions of one metric; effect size: matched-pairs rank-biserial "
    "correlation, positive where the first is larger"
)
_EQUIVALENCE = (
    "two one-sided paired t-tests at 5 % on one mean difference per group (Schuirmann 1987), not adjusted: equivalent "
    "where Student's 90 % interval of the difference lies inside the stated margin"
)
_SUBGROUPS = "the same cases by subgroup, for looking only: nothing is tested between them"


def summarise(
    scores: Scores,
    groups: Mapping[str, str],
    group_kind: str,
    *,
    dropped: Sequence[Mapping[str, Any]] = (),
    audit: Mapping[str, Any] | None = None,
    policy: EmptyMaskPolicy = DEFAULT_POLICY,
    test: Test = "wilcoxon",
    margin: Margin | None = None,
    facts: Facts | None = None,
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
        test: which paired test compares the models.
        margin: the difference that would matter, by metric, or one for all metrics without a unit; asks whether models
            are equivalent within it.
        facts: case id to axis to subgroup, as `case_facts` gives; None makes no subgroups.

    Returns:
        A JSON document: models (cases, summary), not_compared, dropped, tests, audit, policy, group_kind, and with
        facts subgroups. In a summary `n` counts cases, `n_groups` groups, `n_empty` cases with an empty reference and
        `n_flagged` values that the policy set; without any case the numbers are null.

    Raises:
        ValueError: a scored case belongs to no group, or a margin is no number above 0.
    """
    _require_groups(scores, groups)
    shared = shared_cases(scores)
    metrics = _metrics_in(scores)
    policy_words = scoring_words(Scoring(tuple(metrics), policy))
    policy_words |= {"interval": _INTERVAL, "test": f"{_TESTS[test]}, {_ADJUSTED}", "minimum_groups": MINIMUM_GROUPS}
    by_subgroup = None if facts is None else subgroups(scores, facts, groups)
    policy_words |= {} if margin is None else {"equivalence": _EQUIVALENCE}
    policy_words |= {"subgroups": _SUBGROUPS} if by_subgroup else {}
    document = {
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
        "tests": paired_tests(scores, shared, groups, metrics, test=test, margin=margin),
        "audit": dict(audit or {}),
        "policy": policy_words,
        "group_kind": group_kind,
    }
    return document if by_subgroup is None else document | {"subgroups": by_subgroup}


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
        summary[metric] = _described(values, counted, groups, len(empty), flagged)
    invented: dict[str, Callable[[RegionScores], float | None]] = {
        "false_positive_ml": lambda entry: _optional(entry, "false_positive_ml"),
        "false_positive_rate": lambda entry: float(number(entry, "prediction_voxels") > 0),
    }
    for name, value_of in invented.items():
        found = {case: value for case in empty if (value := value_of(scored[case])) is not None}
        summary[name] = _described(list(found.values()), list(found), groups, len(empty), 0)
    return summary


def _described(
    values: Sequence[float], cases: Sequence[str], groups: Mapping[str, str], n_empty: int, n_flagged: int
) -> dict[str, Any]:
    found = describe(np.array(values, np.float64), [groups[case] for case in cases])
    return found | {"n_empty": n_empty, "n_flagged": n_flagged}


def _optional(scores: RegionScores, name: str) -> float | None:
    return None if scores.get(name) is None else number(scores, name)
