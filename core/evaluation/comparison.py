"""Which cases count for every model, and the paired tests between models on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from core.evaluation.paired import PairedComparison, Test, compare_paired
from core.evaluation.scoring import CaseScores, RegionScores
from core.evaluation.statistics import holm
from core.evaluation.verdicts import verdict
from core.metrics import METRICS

ModelScores = Mapping[str, CaseScores]
Scores = Mapping[str, ModelScores]
Margin = float | Mapping[str, float]


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


def margin_of(metric: str, margin: Margin | None) -> float | None:
    """Return the difference in a metric that would matter: stated for it, or for all scores without a unit."""
    if margin is None or not isinstance(margin, Mapping):
        return None if METRICS[metric].unit else margin
    return margin.get(metric)


def paired_tests(
    scores: Scores,
    shared: Sequence[str],
    groups: Mapping[str, str],
    metrics: Sequence[str],
    *,
    test: Test = "wilcoxon",
    margin: Margin | None = None,
) -> list[dict[str, Any]]:
    """Test every pair of models in every region that both predict, on the cases that count for all.

    Args:
        scores: model to case id to what `score_case` returned.
        shared: the cases that every model has.
        groups: case id to group id.
        metrics: names out of `METRICS`.
        test: which paired test.
        margin: the difference that would matter, by metric; one number is for the metrics without a unit.

    Returns:
        One JSON entry per metric, pair and region. p-values are Holm-adjusted within a metric; under five groups
        p, intervals and effect are null and `reason` says why. `equivalent` is null where no margin is stated.

    Raises:
        ValueError: a margin is no number above 0.
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
                within = margin_of(metric, margin)
                comparison = compare_paired(one, other, [groups[case] for case in cases], test, within)
                family.append(({"metric": metric, "region": region, "models": [first, second]}, comparison))
        entries += _adjusted(family)
    return entries


def _adjusted(family: Sequence[tuple[dict[str, Any], PairedComparison]]) -> list[dict[str, Any]]:
    tested = [comparison.p for _, comparison in family if comparison.p is not None]
    adjusted = iter(holm(tested))
    return [
        _entry(what, comparison, None if comparison.p is None else next(adjusted), len(tested))
        for what, comparison in family
    ]


def _entry(
    what: dict[str, Any], comparison: PairedComparison, p_holm: float | None, family_size: int
) -> dict[str, Any]:
    return what | {
        "n": comparison.n,
        "n_groups": comparison.n_groups,
        "mean_difference": comparison.mean_difference,
        "ci95": _listed(comparison.ci95),
        "p": comparison.p,
        "p_holm": p_holm,
        "family_size": family_size,
        "rank_biserial": comparison.rank_biserial,
        "verdict": verdict(what["metric"], what["models"], comparison, p_holm, family_size),
        "reason": comparison.reason,
        "test": comparison.test,
        "smallest_p": comparison.smallest_p,
        "ci90": _listed(comparison.ci90),
        "margin": comparison.margin,
        "p_equivalence": comparison.p_equivalence,
        "equivalent": comparison.equivalent,
    }


def _listed(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)


def number(scores: RegionScores, name: str) -> float:
    """Return a score that is known to be there.

    Raises:
        ValueError: it is null, or not a number.
    """
    value = scores[name]
    if not isinstance(value, (int, float)):
        raise ValueError(f"found {name} = {value!r}, expected a number; score the case again with score_case")
    return float(value)
