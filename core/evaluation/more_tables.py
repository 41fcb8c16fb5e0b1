"""What was asked of `evaluate` beyond scores, as text for a terminal: agreement, failures, calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.evaluation.masks_elsewhere import LEAKAGE_UNKNOWN
from core.evaluation.metric_words import metric_title, metric_unit
from core.evaluation.rounding import in_digits, interval_in_digits
from core.evaluation.text_grid import grid, wrapped
from core.metrics import METRICS

KINDS = {
    "worst-case": "worst case",
    "worst-slice": "worst slice",
    "missed-lesion": "missed lesion",
    "invented-lesion": "invented lesion",
}


def more_tables(document: Mapping[str, Any]) -> str:
    """Draw what an `evaluate` document holds of these; empty where it holds none.

    Args:
        document: what `evaluate` returned.
    """
    blocks = [_agreement(document), _failures(document), _calibration(document), _elsewhere(document)]
    return "\n\n".join(block for block in blocks if block)


def _agreement(document: Mapping[str, Any]) -> str:
    rows = [
        (
            region,
            metric_title(metric),
            " and ".join(pair["models"]),
            in_digits(cell["mean"], metric_unit(metric)),
            interval_in_digits(cell["ci95"], metric_unit(metric)),
            in_digits(cell["median"], metric_unit(metric)),
            str(cell["n"]),
        )
        for pair in document.get("agreement", ())
        for region, cells in pair["summary"].items()
        for metric, cell in cells.items()
        if cell["n"]
    ]
    return grid(("region", "agreement", "between", "mean", "95 % CI", "median", "n"), rows) if rows else ""


def _failures(document: Mapping[str, Any]) -> str:
    rows = [
        (
            model,
            each["region"],
            KINDS[each["kind"]],
            _value(each),
            each["case"],
            "-" if each["slice"] is None else str(each["slice"]),
            in_digits(each["ml"], "") if each["ml"] is not None else "-",
            str(each["voxels"]),
        )
        for model, entries in document.get("failures", {}).items()
        for each in entries
    ]
    if not rows:
        return ""
    head = ("model", "region", "failure", "by", "case", "slice", "ml", "voxels")
    note = "slice: axial, from 0, where most of it is seen; ml and voxels: what is wrong there, or the lesion."
    return f"{grid(head, rows)}\n{wrapped([note])}"


def _value(entry: Mapping[str, Any]) -> str:
    metric = entry["metric"]
    if metric not in METRICS:
        return "volume"
    return f"{metric_title(metric)} {in_digits(entry['value'], metric_unit(metric))}"


def _calibration(document: Mapping[str, Any]) -> str:
    curves = document.get("risk_coverage", {})
    rows = [
        (
            region,
            model,
            in_digits(cell["ece"], ""),
            in_digits(cell["brier"], ""),
            str(cell["n_voxels"]),
            in_digits(curves.get(model, {}).get(region, {}).get("aurc"), ""),
        )
        for model, cells in document.get("calibration", {}).items()
        for region, cell in cells.items()
    ]
    if not rows:
        return ""
    words = document["calibration_definitions"]
    lines = [f"ECE: {words['ece']}.", f"Brier: {words['brier']}.", f"Over {words['over']}: {words[words['over']]}."]
    lines.append("AURC: area under 1 - Dice against coverage, the surest cases first.")
    return f"{grid(('region', 'model', 'ECE', 'Brier', 'voxels', 'AURC'), rows)}\n{wrapped(lines)}"


def _elsewhere(document: Mapping[str, Any]) -> str:
    names = [masks["model"] for masks in document.get("made_elsewhere", ())]
    return wrapped([f"{', '.join(names)}: leakage {LEAKAGE_UNKNOWN}."]) if names else ""
