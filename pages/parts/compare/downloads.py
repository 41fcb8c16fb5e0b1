"""The numbers to take away: per patient and summary as CSV, everything as the JSON that `evaluate --json` prints."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.workspace import Cohort

SUMMARY = ("mean", "median", "q1", "q3", "ci95_low", "ci95_high", "n", "n_groups", "n_empty", "n_flagged")


def downloads(cohort: Cohort, document: Mapping[str, Any]) -> None:
    """Draw a button per file; a file is made when its button is pressed."""
    with st.popover("Download"):
        for label, ending, mime, make in (
            ("CSV, a row per patient", "patients.csv", "text/csv", patients_csv),
            ("CSV, a row per mean", "summary.csv", "text/csv", summary_csv),
            ("JSON, as evaluate prints it", "scores.json", "application/json", document_json),
        ):
            st.download_button(
                label,
                _later(make, document),
                f"{cohort.name}-{ending}",
                mime,
                key=f"download {ending}",
                on_click="ignore",
                width="stretch",
            )


def patients_csv(document: Mapping[str, Any]) -> str:
    """Return a row per model, case and region; a column per metric, volume, reason and flag."""
    rows = [
        {"model": model, "case": case, "region": region, **values}
        for model, entry in document["models"].items()
        for case, regions in entry["cases"].items()
        for region, values in regions.items()
    ]
    return _csv(list(dict.fromkeys(key for row in rows for key in row)) or ["model", "case", "region"], rows)


def summary_csv(document: Mapping[str, Any]) -> str:
    """Return a row per model, region and metric."""
    rows = []
    for model, entry in document["models"].items():
        for region, by_metric in entry["summary"].items():
            for metric, cell in by_metric.items():
                ends = dict(zip(("ci95_low", "ci95_high"), cell["ci95"] or (None, None), strict=True))
                quartiles = dict(zip(("q1", "q3"), cell.get("iqr") or (None, None), strict=True))
                rows.append({"model": model, "region": region, "metric": metric, **cell, **ends, **quartiles})
    return _csv(["model", "region", "metric", *SUMMARY], rows)


def document_json(document: Mapping[str, Any]) -> str:
    """Return the document, the same bytes for the same document."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _later(make: Callable[[Mapping[str, Any]], str], document: Mapping[str, Any]) -> Callable[[], str]:
    return lambda: make(document)


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
