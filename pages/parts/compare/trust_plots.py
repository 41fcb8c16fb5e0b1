"""The curves of Trust: reliability, and risk against coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.parts.compare.score_plots import CONFIG, LINE, PLAIN, SECONDARY
from pages.parts.viewer.spec import PALETTE

HEIGHT = 210


def reliability_rows(curves: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per region and bin that holds a voxel."""
    return [
        {"region": region, "x": each["confidence"], "y": each["frequency"], "n": each["n"]}
        for region, curve in curves.items()
        for each in curve["bins"]
        if each["n"]
    ]


def risk_rows(curves: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per region and coverage."""
    return [
        {"region": region, "x": each["coverage"], "y": each["risk"], "n": round(each["coverage"] * curve["n"])}
        for region, curve in curves.items()
        for each in curve["points"]
    ]


def reliability_spec(regions: Sequence[str]) -> dict[str, Any]:
    """Return the Vega-Lite specification of a reliability curve: a line per region and the line of the honest."""
    both = {
        "x": {"field": "x", "type": "quantitative"} | _axis("probability"),
        "y": {"field": "y", "type": "quantitative"} | _axis("share in the ground truth"),
    }
    honest = {"data": {"values": [{"x": 0, "y": 0}, {"x": 1, "y": 1}]}, "mark": _line(SECONDARY, dash=True)}
    size = {"field": "n", "type": "quantitative", "legend": None, "scale": {"type": "sqrt", "range": [8, 160]}}
    tooltip = _tooltip("probability", "share", "voxels")
    return _spec(
        [
            honest | {"encoding": both},
            {"mark": {"type": "line", "strokeWidth": 1.5}, "encoding": both | _colour(regions)},
            {
                "mark": {"type": "point", "filled": True, "opacity": 0.9},
                "encoding": both | _colour(regions) | {"size": size, "tooltip": tooltip},
            },
        ]
    )


def risk_spec(regions: Sequence[str]) -> dict[str, Any]:
    """Return the Vega-Lite specification of a risk-coverage curve: a line per region."""
    both = {
        "x": {"field": "x", "type": "quantitative"} | _axis("share of patients kept"),
        "y": {"field": "y", "type": "quantitative"} | _axis("1 − Dice", fixed=False),
    }
    mark = {"type": "line", "strokeWidth": 1.5, "point": {"size": 18, "filled": True}}
    tooltip = _tooltip("kept", "1 − Dice", "patients")
    return _spec([{"mark": mark, "encoding": both | _colour(regions) | {"tooltip": tooltip}}])


def _axis(title: str, *, fixed: bool = True) -> dict[str, Any]:
    look = PLAIN | {"title": title, "titleFontWeight": 400, "titleFontSize": 11, "gridColor": LINE, "tickCount": 4}
    return {"axis": look, "scale": {"domain": [0, 1]} if fixed else {"zero": True, "nice": True}}


def _colour(regions: Sequence[str]) -> dict[str, Any]:
    colours = [PALETTE[at % len(PALETTE)] for at in range(len(regions))]
    scale = {"domain": list(regions), "range": colours}
    return {"color": {"field": "region", "type": "nominal", "legend": None, "scale": scale}}


def _tooltip(x: str, y: str, n: str) -> list[dict[str, Any]]:
    return [
        {"field": "region", "type": "nominal", "title": "Region"},
        {"field": "x", "type": "quantitative", "format": ".3f", "title": x},
        {"field": "y", "type": "quantitative", "format": ".3f", "title": y},
        {"field": "n", "type": "quantitative", "format": ",d", "title": n},
    ]


def _line(colour: str, *, dash: bool = False) -> dict[str, Any]:
    look = {"type": "line", "color": colour, "strokeWidth": 1}
    return look | {"strokeDash": [4, 4]} if dash else look


def _spec(layers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "layer": layers,
        "height": HEIGHT,
        "padding": {"left": 4, "right": 8, "top": 6, "bottom": 0},
        "background": "transparent",
        "config": CONFIG,
    }
