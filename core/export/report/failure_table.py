"""What went worst: cases, slices and lesions, as the document lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.export.report.formatting import ABSENT, number
from core.export.report.scored import Document, metric_title, metric_unit, regions_of
from core.export.report.table import Table

KINDS = {
    "worst-case": "worst case",
    "worst-slice": "worst slice",
    "missed-lesion": "missed lesion",
    "invented-lesion": "invented lesion",
}


def failure_table(document: Document) -> Table | None:
    """Return the first failure of each kind, model and region, in the document's order; None where it lists none."""
    failures = document.get("failures") or {}
    rows, regions = [], regions_of(document)
    for model, entries in failures.items():
        first = {(entry["kind"], entry["region"]): entry for entry in reversed(entries)}
        kinds = list(dict.fromkeys(entry["kind"] for entry in entries))
        order = sorted(first, key=lambda each: (kinds.index(each[0]), regions.index(each[1])))
        rows += [_row(document, model, first[each]) for each in order]
    if not rows:
        return None
    caption = (
        "The worst case, the worst slice and the largest missed and invented lesion of each model and region; slices "
        "are counted from 1. More are in scores.json."
    )
    head = ("Model", "What", "Region", "Case", "Score", "ml", "Slice")
    return Table(caption, head, tuple(rows), 4, keys=2)


def _row(document: Document, model: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        model,
        KINDS.get(entry["kind"], entry["kind"]),
        entry["region"],
        entry["case"],
        _value(document, entry.get("metric"), entry.get("value")),
        number(entry.get("ml"), "ml"),
        ABSENT if entry.get("slice") is None else str(entry["slice"] + 1),
    )


def _value(document: Document, metric: str | None, value: float | None) -> str:
    if metric is None or value is None or metric not in document["policy"]["metrics"]:  # of a lesion it is its ml
        return ABSENT
    return f"{metric_title(document, metric)} {number(value, metric_unit(document, metric))}"
