"""What an `evaluate` document holds: its models, regions and metrics, and the values that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]

# what is shown first; everything else stands in the appendix
LEADING = ("dice", "hd95", "nsd")
NOT_IN_POLICY = {
    "false_positive_ml": ("False positives where the reference is empty", "ml"),
    "false_positive_rate": ("Share of cases with false positives where the reference is empty", ""),
}


def regions_of(document: Document) -> list[str]:
    """Return the regions of all models, in the order of the scheme."""
    return list(dict.fromkeys(region for entry in document["models"].values() for region in entry["summary"]))


def metrics_of(document: Document) -> list[str]:
    """Return the metrics that any model has a summary of, in the document's order."""
    summaries = [cells for entry in document["models"].values() for cells in entry["summary"].values()]
    return list(dict.fromkeys(metric for cells in summaries for metric in cells))


def leading_metrics(document: Document) -> list[str]:
    """Return the metrics that are shown first: one overlap, one distance, one surface, of those with a number."""
    counted = [metric for metric in metrics_of(document) if metric in document["policy"]["metrics"]]
    counted = [metric for metric in counted if any(cell_of(document, m, r, metric) for m, r in _pairs(document))]
    leading = [next((m for m in counted if m == start or m.startswith(f"{start}_")), None) for start in LEADING]
    return [metric for metric in leading if metric] or counted[: len(LEADING)]


def cell_of(document: Document, model: str, region: str, metric: str) -> Mapping[str, Any] | None:
    """Return a summary's cell, or None where no case was counted."""
    cell = document["models"][model]["summary"].get(region, {}).get(metric)
    return cell if cell and cell["n"] else None


def compared_values(document: Document, region: str, metric: str) -> dict[str, dict[str, float]]:
    """Return model to case to value over the cases in which every model has a number: those the means are over."""
    rivals = {
        model: {case: regions[region].get(metric) for case, regions in entry["cases"].items() if region in regions}
        for model, entry in document["models"].items()
        if entry["cases"] and region in entry["summary"]
    }
    shared = [
        case
        for case in next(iter(rivals.values()), {})
        if all(values.get(case) is not None for values in rivals.values())
        and all(case in entry["cases"] for entry in document["models"].values() if entry["cases"])
    ]
    return {model: {case: float(values[case]) for case in shared} for model, values in rivals.items()}


def is_flagged(document: Document, model: str, case: str, region: str, metric: str) -> bool:
    """Say whether the empty-mask policy set this value."""
    return f"{metric}_flag" in document["models"][model]["cases"][case][region]


def metric_title(document: Document, metric: str) -> str:
    """Return how a metric is called, with its unit."""
    if metric in NOT_IN_POLICY:
        title, unit = NOT_IN_POLICY[metric]
    else:
        facts = document["policy"]["metrics"].get(metric, {})
        title, unit = facts.get("title", metric), facts.get("unit", "")
    return f"{title} ({unit})" if unit and f"({unit})" not in title else str(title)


def metric_unit(document: Document, metric: str) -> str:
    """Return a metric's unit; empty for a ratio."""
    if metric in NOT_IN_POLICY:
        return NOT_IN_POLICY[metric][1]
    return str(document["policy"]["metrics"].get(metric, {}).get("unit", ""))


def _pairs(document: Document) -> list[tuple[str, str]]:
    return [(model, region) for model, entry in document["models"].items() for region in entry["summary"]]
