"""How far probabilities can be trusted: reliability and risk-coverage curves, and their scores as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.export.report import svg
from core.export.report.formatting import ABSENT, number
from core.export.report.scored import Document
from core.export.report.squares import squares
from core.export.report.table import Table


def reliability_curves(document: Document) -> str:
    """Draw a square per region, a curve per model through the bins that hold voxels; empty without calibration."""
    found = _found(document, "calibration")
    curves = {
        region: {
            model: [(each["confidence"], each["frequency"]) for each in by_region[region]["bins"] if each["n"]]
            for model, by_region in found.items()
            if region in by_region
        }
        for region in _regions(found)
    }
    title = "Observed frequency against predicted probability, by region and model"
    return squares(curves, list(document["models"]), "predicted probability", "frequency", title, diagonal=True)


def risk_coverage_curves(document: Document) -> str:
    """Draw the risk that is left where the least sure cases are set aside; empty without it."""
    found = _found(document, "risk_coverage")
    curves = {
        region: {
            model: [(each["coverage"], each["risk"]) for each in by_region[region]["points"]]
            for model, by_region in found.items()
            if region in by_region
        }
        for region in _regions(found)
    }
    risks = [y for by_model in curves.values() for points in by_model.values() for _, y in points]
    title = "Mean of 1 - Dice against the share of cases kept, by region and model"
    top = min(1.0, svg.round_up(max(risks))) if risks else 1.0
    return squares(curves, list(document["models"]), "share of cases kept", "risk", title, diagonal=False, top=top)


def calibration_table(document: Document) -> Table | None:
    """Return ECE and Brier score per region and model, or None without calibration."""
    found = _found(document, "calibration")
    rows = [
        (region, model, number(cell["ece"]), number(cell["brier"]), _count(cell))
        for region in _regions(found)
        for model, by_region in found.items()
        if (cell := by_region.get(region))
    ]
    if not rows:
        return None
    caption = "Expected calibration error and Brier score of the voxels' probabilities; lower is better."
    return Table(caption, ("Region", "Model", "ECE", "Brier", "Voxels"), tuple(rows), 2)


def risk_coverage_table(document: Document) -> Table | None:
    """Return the areas under the risk-coverage curves, or None without them."""
    found = _found(document, "risk_coverage")
    rows = [
        (region, model, *(number(cell.get(key)) for key in ("aurc", "optimal", "excess", "risk")), str(cell["n"]))
        for region in _regions(found)
        for model, by_region in found.items()
        if (cell := by_region.get(region))
    ]
    if not rows:
        return None
    caption = (
        "Area under the risk-coverage curve (AURC), that of the best order, their difference, and the risk over all "
        "cases; lower is better."
    )
    return Table(caption, ("Region", "Model", "AURC", "Best", "Excess", "Risk", "n"), tuple(rows), 2)


def _found(document: Document, key: str) -> Mapping[str, Mapping[str, Any]]:
    return document.get(key) or {}


def _regions(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(region for by_region in found.values() for region in by_region))


def _count(cell: Mapping[str, Any]) -> str:
    counted = cell.get("n_voxels")
    return ABSENT if counted is None else f"{counted:,}"
