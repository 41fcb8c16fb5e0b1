"""Metrics as people read them: title with unit, which way is better, numbers with the digits that mean something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.evaluation.metric_words import leading_first
from core.evaluation.rounding import DECIMALS
from core.metrics import METRICS

NOTHING = "–"
BETTER = {"higher": "higher is better", "lower": "lower is better"}


def title_of(metric: str) -> str:
    """Return `HD95, mm`."""
    spec = METRICS.get(metric)
    if spec is None:
        return metric
    return f"{spec.title}, {spec.unit}" if spec.unit else spec.title


def is_share(metric: str) -> bool:
    """Tell whether a metric lies between 0 and 1 with 1 the best."""
    spec = METRICS.get(metric)
    return spec is not None and not spec.unit and spec.direction == "higher"


def number(value: object, metric: str, *, signed: bool = False) -> str:
    """Write a value with its metric's digits, or a dash where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NOTHING
    spec = METRICS.get(metric)
    decimals = DECIMALS.get(spec.unit if spec else "", 2)
    return f"{value:{'+' if signed else ''}.{decimals}f}".replace("-", "\u2212")


def interval(ends: Sequence[float] | None, metric: str, *, signed: bool = False) -> str:
    """Write an interval, or a dash where there is none."""
    if ends is None:
        return NOTHING
    return " to ".join(number(end, metric, signed=signed) for end in ends)


def metrics_of(document: Mapping[str, Any]) -> list[str]:
    """Return the metrics that a document has means of, the leading ones first."""
    found = {
        metric
        for model in document["models"].values()
        for by_metric in model["summary"].values()
        for metric, cell in by_metric.items()
        if cell["mean"] is not None
    }
    return leading_first([metric for metric in METRICS if metric in found])


def regions_of(document: Mapping[str, Any]) -> list[str]:
    """Return the regions that any model of a document has, in the order of the first."""
    return list(dict.fromkeys(region for model in document["models"].values() for region in model["summary"]))


def best_of(values: Iterable[float | None], metric: str) -> float | None:
    """Return the best of some values as they are shown, or None without two of them."""
    found = [value for value in values if value is not None]
    if len(found) < 2:
        return None
    return max(found) if METRICS[metric].direction == "higher" else min(found)
