"""What went worst: cases, slices and lesions, as the document lists them."""

from __future__ import annotations

from core.export.report.formatting import ABSENT, number
from core.export.report.scored import Document, metric_title, metric_unit
from core.export.report.table import Table

SHOWN = 12  # of each model
KINDS = {
    "worst-case": "worst case",
    "worst-slice": "worst slice",
    "missed-lesion": "missed lesion",
    "invented-lesion": "invented lesion",
}


def failure_table(document: Document) -> Table | None:
    """Return the first failures of each model, in the document's order, or None where it lists none."""
    failures = document.get("failures") or {}
    rows = [
        (
            model,
            KINDS.get(entry["kind"], entry["kind"]),
            entry["region"],
            entry["case"],
            _value(document, entry.get("metric"), entry.get("value")),
            number(entry.get("ml"), "ml"),
            ABSENT if entry.get("slice") is None else str(entry["slice"] + 1),
        )
        for model, entries in failures.items()
        for entry in entries[:SHOWN]
    ]
    if not rows:
        return None
    caption = "Failures by model: worst cases and slices, missed and invented lesions; slices are counted from 1."
    longest = max(len(entries) for entries in failures.values())
    if longest > SHOWN:
        caption += f" The first {SHOWN} of each model; all are in scores.json."
    head = ("Model", "What", "Region", "Case", "Score", "ml", "Slice")
    return Table(caption, head, tuple(rows), 4, keys=2)


def _value(document: Document, metric: str | None, value: float | None) -> str:
    if metric is None or value is None:
        return ABSENT
    return f"{metric_title(document, metric)} {number(value, metric_unit(document, metric))}"
