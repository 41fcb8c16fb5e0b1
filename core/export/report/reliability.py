"""How often a probability came true: reliability curves, and ECE and Brier score as a table."""

from __future__ import annotations

from core.export.report import svg
from core.export.report.formatting import number
from core.export.report.scored import Document
from core.export.report.table import Table, without_repeats

COLUMNS = 3
SIDE, GAP, LEFT, TOP, BOTTOM = 44.0, 14.0, 10.0, 6.0, 10.0
WIDTH = 174.0
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def reliability_curves(document: Document) -> str:
    """Draw a square per region, a curve per model through the bins that hold voxels; empty without calibration."""
    calibration = document.get("calibration") or {}
    regions = list(dict.fromkeys(region for found in calibration.values() for region in found))
    if not regions:
        return ""
    parts: list[str] = []
    models = list(document["models"])
    for place, region in enumerate(regions):
        corner = (LEFT + place % COLUMNS * (SIDE + GAP), TOP + place // COLUMNS * (SIDE + TOP + BOTTOM))
        parts += _square(region, corner)
        for model, found in calibration.items():
            bins = [each for each in found.get(region, {}).get("bins", []) if each["n"]]
            colour = svg.colour_of(models.index(model) if model in models else 0)
            points = [_place(corner, each["confidence"], each["frequency"]) for each in bins]
            parts.append(svg.line(points, colour, 0.4))
            parts += [svg.dot(point, 0.6, colour) for point in points]
    rows = -(-len(regions) // COLUMNS)
    height = rows * (SIDE + TOP + BOTTOM)
    return svg.picture(parts, WIDTH, height, "Observed frequency against predicted probability, by region and model")


def _place(corner: svg.Point, x: float, y: float) -> svg.Point:
    return corner[0] + SIDE * x, corner[1] + SIDE * (1 - y)


def _square(region: str, corner: svg.Point) -> list[str]:
    x, y = corner
    parts = [svg.words((x, y - 1.8), svg.shortened(region, SIDE, 2.8), svg.INK, 2.8, weight="bold")]
    for tick in TICKS:
        parts.append(svg.line([_place(corner, 0, tick), _place(corner, 1, tick)], svg.RULE, 0.2))
        parts.append(svg.words((x - 1.2, y + SIDE * (1 - tick) + 0.9), f"{tick:g}", svg.GREY, 2.4, "end"))
        parts.append(svg.words((x + SIDE * tick, y + SIDE + 3.2), f"{tick:g}", svg.GREY, 2.4, "middle"))
    parts.append(svg.line([_place(corner, 0, 0), _place(corner, 1, 1)], svg.GREY, 0.25, dash="1.2,0.8"))
    parts.append(svg.words((x + SIDE / 2, y + SIDE + 6.6), "predicted probability", svg.GREY, 2.4, "middle"))
    return parts


def calibration_table(document: Document) -> Table | None:
    """Return ECE and Brier score per region and model, or None without calibration."""
    calibration = document.get("calibration") or {}
    rows = [
        (region, model, number(found[region]["ece"]), number(found[region]["brier"]), f"{found[region]['n_voxels']:,}")
        for region in dict.fromkeys(region for found in calibration.values() for region in found)
        for model, found in calibration.items()
        if region in found
    ]
    if not rows:
        return None
    caption = "Expected calibration error and Brier score of the voxels' probabilities; lower is better."
    return Table(caption, ("Region", "Model", "ECE", "Brier", "Voxels"), without_repeats(rows), 2)
