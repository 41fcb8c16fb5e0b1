"""How far masks made elsewhere agree with one another, neither of them being the truth."""

from __future__ import annotations

from core.export.report.formatting import interval, number
from core.export.report.scored import LEADING, Document, metric_title, metric_unit
from core.export.report.table import Table


def agreement_table(document: Document) -> Table | None:
    """Return the leading metrics of every pair of mask sets, or None where fewer than two were compared."""
    rows = []
    for pair in document.get("agreement") or []:
        for region, cells in pair["summary"].items():
            for metric, cell in cells.items():
                if cell["n"] and metric.partition("_")[0] in LEADING:
                    unit = metric_unit(document, metric)
                    numbers = (number(cell["mean"], unit), interval(cell["ci95"], unit), number(cell["median"], unit))
                    title = metric_title(document, metric)
                    rows.append((" and ".join(pair["models"]), region, title, *numbers, str(cell["n"])))
    if not rows:
        return None
    head = ("Masks", "Region", "Metric", "Mean", "95 % CI", "Median", "n")
    caption = "Agreement between masks made elsewhere; the same whichever of the two comes first."
    return Table(caption, head, tuple(rows), 3, keys=2)
