"""Which cases count for every model, and the paired tests between models on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from core.evaluation.scoring import CaseScores, RegionScores
from core.evaluation.statistics import SIGNIFICANCE, PairedComparison, compare_paired, holm
from core.metrics import METRICS

ModelScores = Mapping[str, CaseScores]
Scores = Mapping[str, ModelScores]


def shared_cases(scores: Scores) -> list[str]:
    """Return the cases that every model has; a model with no case left takes no part in the comparison."""
    scored = [set(cases) for cases in scores.values() if cases]
    return sorted(set.intersection(*scored)) if scored else []


def regions_in(cases: ModelScores) -> list[str]:
    """Return the regions that a model predicts, in the order of its scheme."""
    return list(dict.fromkeys(region for case in sorted(cases) for region in cases[case]))


def comparable(scores: Scores, region: str, metric: str, shared: Sequence[str]) -> list[str]:
    """Return the shared cases in which every model that predicts `region` has a number."""
    models = [cases for cases in scores.values() if any(region in regions for regions in cases.values())]
    return [
        case
        for case in shared
        if models and all(cases.get(case, {}).get(region, {}).get(metric) is not None for cases in models)
    ]


def paired_tests(
    scores: Scores, shared: Sequence[str], groups: Mapping[str, str], metrics: Sequence[str]
) -> list[dict[str, Any]]:
    """Test every pair of models in every region that both predict, on the cases that count for all.

    Args:
        scores: model to case id to what `score_case` returned.
        shared: the cases that every model has.
        groups: case id to group id.
        metrics: names out of `METRICS`.

    Returns:
        One JSON entry per metric, pair and region. p-values are Holm-adjusted within a metric; under five groups
        p, interval and effect are null and `reason` says why.
    """
    entries: list[dict[str, Any]] = []
    compared = {model: cases for model, cases in scores.items() if cases}
    for metric in metrics:
        family: list[tuple[dict[str, Any], PairedComparison]] = []
        for first, second in combinations(compared, 2):
            offered = regions_in(compared[second])
            for region in (name for name in regions_in(compared[first]) if name in offered):
                cases = comparable(scores, region, metric, shared)
                one, other = (
                    np.array([number(compared[model][case][region], metric) for case in cases], np.float64)
                    for model in (first, second)
                )
                comparison = compare_paired(one, other, [groups[case] for case in cases])
                family.append(({"metric": metric, "region": region, "models": [first, second]}, comparison))
        entries += _adjusted(family)
    return entries


def _adjusted(family: Sequence[tuple[dict[str, Any], PairedComparison]]) -> list[dict[str, Any]]:
    tested = [comparison.p for _, comparison in family if comparison.p is not None]
    adjusted = iter(holm(tested))
    entries = []
    for what, comparison in family:
        p_holm = None if comparison.p is None else next(adjusted)
        entries.append(
            what
            | {
                "n": comparison.n,
                "n_groups": comparison.n_groups,
                "mean_difference": comparison.mean_difference,
                "ci95": None if comparison.ci95 is None else list(comparison.ci95),
                "p": comparison.p,
                "p_holm": p_holm,
                "family_size": len(tested),
                "rank_biserial": comparison.rank_biserial,
                "verdict": _verdict(what, comparison, p_holm),
                "reason": comparison.reason,
            }
        )
    return entries


def _verdict(what: Mapping[str, Any], comparison: PairedComparison, p_holm: float | None) -> str:
    if p_holm is None or comparison.rank_biserial is None:
        return "not tested"
    if p_holm >= SIGNIFICANCE:
        return "no difference shown"
    first_is_better = (comparison.rank_biserial > 0) == (METRICS[what["metric"]].direction == "higher")
    return f"{what['models'][0 if first_is_better else 1]} is better"


def number(scores: RegionScores, name: str) -> float:
    """Return a score that is known to be there.

    Raises:
        ValueError: it is null, or not a number.
    """
    value = scores[name]
    if not isinstance(value, (int, float)):
        raise ValueError(f"found {name} = {value!r}, expected a number; score the case again with score_case")
    return float(value)
