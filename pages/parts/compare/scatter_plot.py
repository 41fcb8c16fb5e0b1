"""Every patient a dot: one model's value across, the other's upwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.metrics import METRICS
from pages.parts.compare.score_plots import CONFIG, FORMATS, LINE, PICKED, PLAIN, SECONDARY

SQUARE_PX = 250


def scatter_spec(titles: tuple[str, str], metric: str, colour: str, domain: Sequence[float]) -> dict[str, Any]:
    """Return the Vega-Lite specification of one model's values against another's, with the line where they are equal.

    Args:
        titles: of the model across and of the one upwards; the rows' `first` and `second`.
        metric: one of `METRICS`.
        colour: of the region.
        domain: both ends of both axes.
    """
    form = FORMATS.get(METRICS[metric].unit, ".3f")

    def axis(field: str, title: str) -> dict[str, Any]:
        look = PLAIN | {"title": title, "gridColor": LINE, "tickCount": 5, "titleFontWeight": 400, "titleFontSize": 12}
        scale = {"domain": list(domain), "nice": False}
        return {"field": field, "type": "quantitative", "scale": scale, "axis": look}

    ends = [{"first": end, "second": end} for end in domain]
    both = {"x": axis("first", titles[0]), "y": axis("second", titles[1])}
    tooltip = [
        {"field": "case", "type": "nominal", "title": "Case"},
        {"field": "first", "type": "quantitative", "format": form, "title": titles[0]},
        {"field": "second", "type": "quantitative", "format": form, "title": titles[1]},
    ]
    line = {"type": "line", "color": SECONDARY, "strokeWidth": 1, "strokeDash": [4, 4]}
    dots = {"type": "point", "filled": True, "size": 70, "color": colour, "opacity": 0.8, "cursor": "pointer"}
    return {
        "layer": [
            {"data": {"values": ends}, "mark": line, "encoding": both},
            {"name": "dots", "mark": dots, "encoding": both | {"tooltip": tooltip}},
        ],
        "params": [PICKED],
        "width": SQUARE_PX,
        "height": SQUARE_PX,
        "background": "transparent",
        "config": CONFIG,
    }
