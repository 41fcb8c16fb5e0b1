"""The summary as tables: one per leading metric, and all of it for the appendix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.export.report.formatting import interval, number
from core.export.report.scored import Document, cell_of, metric_title, metric_unit, metrics_of, regions_of
from core.export.report.table import Table

HEADS = {
    "mean": "Mean",
    "ci95": "95 % CI",
    "median": "Median",
    "iqr": "IQR",
    "n": "n",
    "n_empty": "Empty",
    "n_flagged": "Set",
}


def metric_table(document: Document, metric: str) -> Table:
    """Return a metric's mean, interval, median, quartiles and n, per region and model."""
    shown = columns_of(document)
    rows = [
        (region, model, *_numbers(metric_unit(document, metric), cell, shown))
        for region in regions_of(document)
        for model in document["models"]
        if (cell := cell_of(document, model, region, metric))
    ]
    better = document["policy"]["metrics"].get(metric, {}).get("direction")
    caption = f"{metric_title(document, metric)} per region and model"
    caption = f"{caption}; {better} is better." if better else f"{caption}."
    return Table(caption, _head(shown), tuple(rows), 2)


def full_table(document: Document) -> Table:
    """Return every metric that has a number, per region and model."""
    shown = columns_of(document)
    rows = [
        (region, metric_title(document, metric), model, *_numbers(metric_unit(document, metric), cell, shown))
        for region in regions_of(document)
        for metric in metrics_of(document)
        for model in document["models"]
        if (cell := cell_of(document, model, region, metric))
    ]
    head = _head(shown)
    return Table("Every metric, per region and model.", ("Region", "Metric", *head[1:]), tuple(rows), 3, keys=2)


def columns_of(document: Document) -> dict[str, str]:
    """Return key and head of each column that says something: groups where they are not the cases, and so on."""
    summaries = [cells for entry in document["models"].values() for cells in entry["summary"].values()]
    cells = [cell for found in summaries for cell in found.values() if cell["n"]]
    kind = document["group_kind"]
    said = {
        "mean": True,
        "ci95": True,
        "median": True,
        "iqr": any(cell.get("iqr") for cell in cells),
        "n": True,
        "n_groups": any(cell["n"] != cell["n_groups"] for cell in cells),
        "n_empty": any(cell["n_empty"] for cell in cells),
        "n_flagged": any(cell["n_flagged"] for cell in cells),
    }
    heads = {**HEADS, "n_groups": "Groups" if kind == "unknown" else f"{kind.capitalize()}s"}
    return {key: heads[key] for key, is_shown in said.items() if is_shown}


def _head(shown: Mapping[str, str]) -> tuple[str, ...]:
    return ("Region", "Model", *shown.values())


def _numbers(unit: str, cell: Mapping[str, Any], shown: Mapping[str, str]) -> tuple[str, ...]:
    words = {
        "mean": number(cell["mean"], unit),
        "ci95": interval(cell["ci95"], unit),
        "median": number(cell["median"], unit),
        "iqr": interval(cell.get("iqr"), unit),
    }
    return tuple(words[key] if key in words else str(cell[key]) for key in shown)
