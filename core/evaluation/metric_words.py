"""How metrics are called in tables, and which come first."""

from __future__ import annotations

from collections.abc import Sequence

from core.metrics import METRICS

# one of overlap, one of the surface, one of the distance: what a reader looks for first
LEADING = ("dice", "nsd", "hd95_mm", "hd95_px")


def leading_first(metrics: Sequence[str]) -> list[str]:
    """Return metrics with the leading ones first, the others in the order given."""
    return [name for name in LEADING if name in metrics] + [name for name in metrics if name not in LEADING]


def metric_title(metric: str) -> str:
    """Return a metric's name for a column, its unit behind it."""
    if metric in METRICS:
        spec = METRICS[metric]
        return f"{spec.title} ({spec.unit})" if spec.unit else spec.title
    return {"false_positive_ml": "False pos. (ml)", "false_positive_rate": "False pos. rate"}[metric]


def metric_unit(metric: str) -> str:
    """Return a metric's unit; empty for a ratio."""
    if metric in METRICS:
        return METRICS[metric].unit
    return "ml" if metric.endswith("_ml") else ""
