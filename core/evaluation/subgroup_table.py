"""Scores by subgroup as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.data.subgroup_axes import AXES
from core.evaluation.metric_words import metric_title, metric_unit
from core.evaluation.rounding import in_digits, interval_in_digits
from core.evaluation.text_grid import grid


def subgroup_blocks(document: Mapping[str, Any], metrics: Sequence[str]) -> list[str]:
    """Draw one grid per axis: a row per region and subgroup, a column per model with mean, interval and n.

    Args:
        document: of `evaluate`; without subgroups nothing is drawn.
        metrics: which of its metrics.
    """
    models = list(document["models"])
    blocks = []
    for axis, names in document.get("subgroups", {}).items():
        rows = [
            (region, metric_title(metric), name, *(_cell(group["models"], model, region, metric) for model in models))
            for region in _regions(names)
            for metric in metrics
            for name, group in names.items()
        ]
        blocks.append(grid(("region", "metric", AXES.get(axis, axis), *models), rows))
    return blocks


def _regions(names: Mapping[str, Any]) -> list[str]:
    return list(
        dict.fromkeys(region for group in names.values() for model in group["models"].values() for region in model)
    )


def _cell(models: Mapping[str, Any], model: str, region: str, metric: str) -> str:
    cell = models.get(model, {}).get(region, {}).get(metric)
    if cell is None or not cell["n"]:
        return "-"
    unit = metric_unit(metric)
    interval = f" {interval_in_digits(cell['ci95'], unit)}" if cell["ci95"] else ""
    return f"{in_digits(cell['mean'], unit)}{interval} (n {cell['n']})"
