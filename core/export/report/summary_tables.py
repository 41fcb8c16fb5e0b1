"""The summary as tables: one per leading metric, and all of it for the appendix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.export.report.formatting import interval, number
from core.export.report.scored import Document, cell_of, metric_title, metric_unit, metrics_of, regions_of
from core.export.report.table import Table, without_repeats

Titles = Mapping[str, str]


def metric_table(document: Document, metric: str) -> Table:
    """Return a metric's mean, interval, median, quartiles and n, per region and model."""
    rows = [
        (region, model, *_numbers(document, metric, cell))
        for region in regions_of(document)
        for model in document["models"]
        if (cell := cell_of(document, model, region, metric))
    ]
    better = document["policy"]["metrics"].get(metric, {}).get("direction")
    caption = f"{metric_title(document, metric)} per region and model"
    return Table(f"{caption}; {better} is better." if better else f"{caption}.", _head(document), without_repeats(rows), 2)


def full_table(document: Document) -> Table:
    """Return every metric that has a number, per region and model."""
    rows = [
        (region, metric_title(document, metric), model, *_numbers(document, metric, cell))
        for region in regions_of(document)
        for metric in metrics_of(document)
        for model in document["models"]
        if (cell := cell_of(document, model, region, metric))
    ]
    head = ("Region", "Metric", *_head(document)[1:])
    return Table("Every metric, per region and model.", head, without_repeats(rows, 2), 3)


def _head(document: Document) -> tuple[str, ...]:
    return (
        "Region",
        "Model",
        "Mean",
        "95 % CI",
        "Median",
        *(("IQR",) if _has_quartiles(document) else ()),
        "n",
        *((_groups_head(document),) if _groups_differ(document) else ()),
        "Empty",
        "Set",
    )


def _numbers(document: Document, metric: str, cell: Mapping[str, Any]) -> tuple[str, ...]:
    unit = metric_unit(document, metric)
    return (
        number(cell["mean"], unit),
        interval(cell["ci95"], unit),
        number(cell["median"], unit),
        *((interval(cell.get("iqr"), unit),) if _has_quartiles(document) else ()),
        str(cell["n"]),
        *((str(cell["n_groups"]),) if _groups_differ(document) else ()),
        str(cell["n_empty"]),
        str(cell["n_flagged"]),
    )


def _groups_head(document: Document) -> str:
    return {"patient": "Patients"}.get(document["group_kind"], "Groups")


def _cells(document: Document) -> list[Mapping[str, Any]]:
    summaries = [cells for entry in document["models"].values() for cells in entry["summary"].values()]
    return [cell for cells in summaries for cell in cells.values() if cell["n"]]


def _has_quartiles(document: Document) -> bool:
    return any(cell.get("iqr") for cell in _cells(document))


def _groups_differ(document: Document) -> bool:
    return any(cell["n"] != cell["n_groups"] for cell in _cells(document))
