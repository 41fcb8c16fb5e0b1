"""Scores by subgroup: tumour size, site, scanner, vendor, field strength, spacing.

A mean over a cohort can hide a hospital or a tumour size on which a model fails. Subgroups show where, and prove
little: they are small, they overlap, and nothing is tested between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from core.data.subgroup_axes import AXES, axes_of
from core.evaluation.comparison import Scores, comparable, number, regions_in, shared_cases
from core.evaluation.statistics import describe
from core.metrics import METRICS
from core.workspace import Cohort

Facts = Mapping[str, Mapping[str, str | None]]

NOT_KNOWN = "not known"


def case_facts(cohort: Cohort, size_bounds_ml: Sequence[float] | None = None) -> dict[str, dict[str, str | None]]:
    """Return which subgroup each case of a cohort is in, along every axis.

    Empty masks: a case whose reference lacks the first region is of the tumour size `no tumour`.

    Args:
        cohort: what the import measured and what a facts file told.
        size_bounds_ml: volumes of the reference's first region between the sizes, rising; None takes the tertiles.

    Returns:
        Case id to axis to the group's name, which states its bounds; None where nothing is known.

    Raises:
        ValueError: the bounds do not rise from above 0.
    """
    region = cohort.scheme.region_names[0]
    return axes_of({case: entry.facts for case, entry in cohort.cases.items()}, region, size_bounds_ml)


def subgroups(scores: Scores, facts: Facts, groups: Mapping[str, str]) -> dict[str, Any]:
    """Summarise every model in every subgroup, on the cases that count for all models.

    Args:
        scores: model to case id to what `score_case` returned.
        facts: case id to axis to the subgroup's name, or None where that is not known.
        groups: case id to group id; intervals draw groups.

    Returns:
        Axis to name to `n` cases and `models`: model to region to metric to what `describe` says. Under five groups
        there is a mean and n but no interval. Cases of which an axis says nothing are its subgroup `not known`; an
        axis that puts all cases into one subgroup says nothing and is left out.
    """
    shared = shared_cases(scores)
    found: dict[str, Any] = {}
    cells = list(_cells(scores, shared))
    for axis in _axes_in(facts):
        members = _members(axis, facts, shared)
        if len(members) > 1:
            found[axis] = {
                name: {"n": len(cases), "models": _summaries(scores, cells, frozenset(cases), groups)}
                for name, cases in members.items()
            }
    return found


def _axes_in(facts: Facts) -> list[str]:
    present = {axis for each in facts.values() for axis in each}
    return [axis for axis in AXES if axis in present] + sorted(present - set(AXES))


def _members(axis: str, facts: Facts, shared: Sequence[str]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for case in shared:
        members.setdefault(facts.get(case, {}).get(axis) or NOT_KNOWN, []).append(case)
    return {name: members[name] for name in names_in_order(members)}


def names_in_order(names: Iterable[str]) -> list[str]:
    """Return names of subgroups as a table lists them: sizes, spacings and fields rising, `not known` last."""
    return sorted(names, key=lambda name: (name == NOT_KNOWN, _in_order(name)))


def _in_order(name: str) -> tuple[float, str]:
    """Return the number in a name, if any, and the name."""
    if "up to " in name:
        return (0.0, name)
    numbers = [float(word) for word in name.split() if word.replace(".", "", 1).isdigit()]
    return (numbers[0] if numbers else -1.0, name)


def _cells(scores: Scores, shared: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each region and metric with the cases in which every model has a number."""
    regions = dict.fromkeys(region for cases in scores.values() for region in regions_in(cases))
    present = {
        key for cases in scores.values() for case in cases.values() for region in case.values() for key in region
    }
    for region in regions:
        for metric in (name for name in METRICS if name in present):
            yield region, metric, comparable(scores, region, metric, shared)


def _summaries(
    scores: Scores,
    cells: Sequence[tuple[str, str, list[str]]],
    wanted: frozenset[str],
    groups: Mapping[str, str],
) -> dict[str, dict[str, dict[str, Any]]]:
    offered = {model: regions_in(cases) for model, cases in scores.items()}
    models: dict[str, dict[str, dict[str, Any]]] = {}
    for region, metric, counted in cells:
        cases = [case for case in counted if case in wanted]
        members = [groups[case] for case in cases]
        for model, by_case in scores.items():
            if region in offered[model]:
                values = np.array([number(by_case[case][region], metric) for case in cases], np.float64)
                models.setdefault(model, {}).setdefault(region, {})[metric] = describe(values, members)
    return models
