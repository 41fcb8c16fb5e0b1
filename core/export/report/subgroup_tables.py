"""Scores by subgroup: one table per axis, of the leading metric."""

from __future__ import annotations

from core.export.report.formatting import interval, number
from core.export.report.scored import Document, leading_metrics, metric_title, metric_unit, regions_of
from core.export.report.table import Table


def subgroup_tables(document: Document) -> list[Table]:
    """Return a table for each axis of `subgroups`; none where the document has none."""
    metrics = leading_metrics(document)
    axes = document.get("subgroups") or {}
    return [_table(document, axis, metrics[0]) for axis in axes if metrics]


def _table(document: Document, axis: str, metric: str) -> Table:
    unit = metric_unit(document, metric)
    rows = []
    for group, found in document["subgroups"][axis].items():
        for region in regions_of(document):
            for model, regions in found["models"].items():
                cell = regions.get(region, {}).get(metric)
                if cell and cell["n"]:
                    numbers = (number(cell["mean"], unit), interval(cell["ci95"], unit), number(cell["median"], unit))
                    rows.append((f"{group} ({found['n']})", region, model, *numbers, str(cell["n"])))
    title = axis.replace("_", " ")
    caption = f"{metric_title(document, metric)} by {title}; in brackets, the cases of each subgroup."
    head = (title.capitalize(), "Region", "Model", "Mean", "95 % CI", "Median", "n")
    return Table(caption, head, tuple(rows), 3, keys=2)
