"""Every patient a dot: a strip and a box per model, its mean with the interval, and the band of human agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.evaluation.human_agreement import Agreement
from core.metrics import METRICS
from pages.parts.compare.metric_words import interval, is_share, number, title_of

INK, SECONDARY, LINE, ACCENT = "#e6ebf0", "#8d98a6", "#20262e", "#5aa9d6"
BAND = "#5fb37a"
ROW_PX = 64
PATIENT = "patient"  # the selection that a click on a dot makes
FORMATS = {"mm": ".1f", "ml": ".1f", "voxels": ".1f", "%": ".1f"}
PLAIN = {"domain": False, "ticks": False, "labelColor": SECONDARY, "labelFontSize": 11, "titleColor": SECONDARY}
CONFIG = {"view": {"stroke": None}, "background": "transparent"}
PICKED = {"name": PATIENT, "select": {"type": "point", "fields": ["case"], "on": "click"}, "views": ["dots"]}


@dataclass(frozen=True, slots=True)
class Strip:
    """One model's values in one region.

    Attributes:
        title: of the model.
        values: case to value, on the cases that count for every model.
        cell: its summary: mean, median, iqr, ci95.
    """

    title: str
    values: Mapping[str, float]
    cell: Mapping[str, Any]


def strip_rows(strips: Sequence[Strip]) -> list[dict[str, Any]]:
    """Return one row per dot; dots of equal value are set apart, the same way every time."""
    rows = []
    for strip in strips:
        for place, (case, value) in enumerate(sorted(strip.values.items(), key=lambda each: (each[1], each[0]))):
            rows.append({"model": strip.title, "case": case, "value": value, "apart": (place * 7) % 5 - 2})
    return rows


def strip_spec(
    strips: Sequence[Strip], metric: str, colour: str, domain: Sequence[float], human: Agreement | None
) -> dict[str, Any]:
    """Return the Vega-Lite specification of one region: dots, box, mean with its interval, the band of human agreement.

    Args:
        strips: one per model, from the top down.
        metric: one of `METRICS`.
        colour: of the region.
        domain: both ends of the axis.
        human: how well people agree; None draws no band.
    """
    order = [strip.title for strip in strips]
    axis = PLAIN | {
        "title": None,
        "gridColor": LINE,
        "tickCount": 5,
        "format": FORMATS.get(METRICS[metric].unit, ".2f"),
    }
    across = {"type": "quantitative", "scale": {"domain": list(domain), "nice": False}, "axis": axis}
    down = {"field": "model", "type": "nominal", "sort": order, "axis": None, "scale": {"paddingInner": 0}}
    summaries = [_summary(strip, metric) for strip in strips]
    layers = [*_band(human, domain), *_boxes(summaries, across, down), _dots(metric, colour, across, down)]
    return {
        "layer": layers,
        "params": [PICKED],
        "height": ROW_PX * len(strips),
        "padding": {"left": 6, "right": 10, "top": 2, "bottom": 0},
        "background": "transparent",
        "config": CONFIG,
    }


def domain_of(values: Sequence[float], metric: str) -> tuple[float, float]:
    """Return the ends of an axis: shares end at 1 and begin a tenth below the least, lengths begin at 0."""
    if not values:
        return 0.0, 1.0
    if is_share(metric):
        return max(0.0, int(min(values) * 10 - 0.5) / 10), 1.0
    low, high = min(values), max(values)
    room = (high - low or abs(high) or 1.0) * 0.06
    return (low - room if low < 0 else 0.0), high + room


def _band(human: Agreement | None, domain: Sequence[float]) -> list[dict[str, Any]]:
    if human is None or human.low >= domain[1] or human.high <= domain[0]:
        return []
    values = {"values": [{"from": max(human.low, domain[0]), "to": min(human.high, domain[1])}]}
    area = {"type": "rect", "color": BAND, "opacity": 0.14}
    return [
        {
            "data": values,
            "mark": area,
            "encoding": {"x": {"field": "from", "type": "quantitative"}, "x2": {"field": "to"}},
        }
    ]


def _summary(strip: Strip, metric: str) -> dict[str, Any]:
    cell = strip.cell
    low, high = cell["ci95"] or (None, None)
    q1, q3 = cell.get("iqr") or (None, None)
    said = f"{number(cell['mean'], metric)}  ({interval(cell['ci95'], metric)})" if low is not None else ""
    return {
        "model": strip.title, "mean": cell["mean"], "median": cell["median"], "low": low, "high": high,
        "q1": q1, "q3": q3, "said": said or number(cell["mean"], metric),
    }  # fmt: skip


def _boxes(summaries: list[dict[str, Any]], across: dict[str, Any], down: dict[str, Any]) -> list[dict[str, Any]]:
    data = {"values": summaries}

    def at(field: str) -> dict[str, Any]:
        return across | {"field": field}

    def mark(kind: str, **look: Any) -> dict[str, Any]:
        return {"type": kind, "yOffset": 1, **look}

    words = {"type": "text", "yOffset": -20, "fontSize": 12, "baseline": "middle"}
    title = {
        "mark": words | {"align": "left", "color": INK},
        "encoding": {"y": down, "text": {"field": "model"}, "x": {"value": 0}},
    }
    said = {
        "mark": words | {"align": "right", "color": SECONDARY},
        "encoding": {"y": down, "text": {"field": "said"}, "x": {"value": "width"}},
    }
    box = {
        "mark": mark("bar", color=SECONDARY, opacity=0.22, size=12),
        "encoding": {"y": down, "x": at("q1"), "x2": {"field": "q3"}},
    }
    median = {"mark": mark("tick", color=SECONDARY, thickness=2, size=12), "encoding": {"y": down, "x": at("median")}}
    rule = {
        "mark": mark("rule", color=INK, strokeWidth=1.5),
        "encoding": {"y": down, "x": at("low"), "x2": {"field": "high"}},
    }
    mean = {
        "mark": mark("point", shape="diamond", filled=True, color=INK, size=60),
        "encoding": {"y": down, "x": at("mean")},
    }
    return [{"data": data, **each} for each in (title, said, box, median, rule, mean)]


def _dots(metric: str, colour: str, across: dict[str, Any], down: dict[str, Any]) -> dict[str, Any]:
    form = FORMATS.get(METRICS[metric].unit, ".3f")
    tooltip = [
        {"field": "case", "type": "nominal", "title": "Case"},
        {"field": "model", "type": "nominal", "title": "Model"},
        {"field": "value", "type": "quantitative", "format": form, "title": title_of(metric)},
    ]
    apart = {
        "field": "apart",
        "type": "quantitative",
        "scale": {"domain": [-2, 2], "range": [ROW_PX / 2 + 11, ROW_PX / 2 + 25]},
    }
    return {
        "name": "dots",
        "mark": {"type": "point", "filled": True, "size": 34, "color": colour, "opacity": 0.75, "cursor": "pointer"},
        "encoding": {"y": down, "x": across | {"field": "value"}, "yOffset": apart, "tooltip": tooltip},
    }
