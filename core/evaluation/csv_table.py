"""Every case's scores as CSV, for spreadsheets and statistics programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from core.metrics import METRICS

NAMES = ("model", "case", "region")
NOTES = ("reasons", "flags")
UNITS = (("_ml", "ml"), ("_mm", "mm"), ("_voxels", "voxels"), ("_px", "voxels"), ("_percent", "%"))
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet computes what begins so


def scores_csv(document: Mapping[str, Any]) -> str:
    """Return an `evaluate` document's scores: one row per model, case and region, one column per number.

    A column is called as in the document, with its unit in brackets. A number that the empty-mask policy leaves out is
    empty, with `metric: why` under `reasons`; one that it set has `metric: why` under `flags`.

    Args:
        document: what `evaluate` returned.

    Returns:
        CSV with CRLF line ends (RFC 4180), numbers with every digit.
    """
    rows = [
        (model, case, region, scores)
        for model, entry in document["models"].items()
        for case, regions in entry["cases"].items()
        for region, scores in regions.items()
    ]
    present = dict.fromkeys(key for *_, scores in rows for key in scores if not key.endswith(("_reason", "_flag")))
    columns = [*(name for name in METRICS if name in present), *(key for key in present if key not in METRICS)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*NAMES, *(_with_unit(column) for column in columns), *NOTES])
    for model, case, region, scores in rows:
        numbers = ["" if scores.get(column) is None else scores[column] for column in columns]
        notes = [_notes(scores, ending) for ending in ("_reason", "_flag")]
        writer.writerow([*map(_text, (model, case, region)), *numbers, *notes])
    return out.getvalue()


def _with_unit(column: str) -> str:
    unit = METRICS[column].unit if column in METRICS else next((u for end, u in UNITS if column.endswith(end)), "")
    return f"{column} [{unit}]" if unit else column


def _notes(scores: Mapping[str, Any], ending: str) -> str:
    return "; ".join(f"{key.removesuffix(ending)}: {why}" for key, why in scores.items() if key.endswith(ending))


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value
