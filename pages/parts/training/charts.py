"""The curves of a training, small enough to be drawn again every second."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from core.export.line_chart import Line
from pages.parts.training.lines import MEASURES, OTHERS, TRAINING, VALIDATION, Watched, lines_of
from pages.parts.viewer.spec import PALETTE

HEIGHT = 160
SECONDARY = "#8d98a6"
LINE = "#20262e"
DASHED = ("╌╌", "┈┈", "━ ━")  # as the lines of other runs are drawn


def chart(name: str, watched: Watched) -> None:
    """Draw one of `MEASURES` under a heading whose coloured words are the legend."""
    measure = MEASURES[name]
    others = [(f"{DASHED[number]} {other}", OTHERS[number]) for number, (other, _) in enumerate(watched.others)]
    if measure.regions:
        words = list(zip(watched.regions, PALETTE, strict=False))
        others = [(word, SECONDARY) for word, _ in others]
        after = "thin: training"
    elif name in ("Loss", "Accuracy"):
        words, after = [("training", TRAINING), ("validation", VALIDATION)], ""
    else:
        words, after = [], ""
    heading(measure.title, [*words, *others], after)
    _draw(name, lines_of(name, watched), watched.total)


def heading(title: str, words: Sequence[tuple[str, str]] = (), after: str = "") -> None:
    """Draw a heading whose coloured words are the legend."""
    spans = " · ".join(f'<span style="color:{colour}">{escape(word)}</span>' for word, colour in words)
    rest = " · ".join(part for part in (spans, escape(after)) if part)
    st.html(
        '<div style="white-space:nowrap;overflow:hidden;text-overflow:ellipsis">'
        f'<span style="font-weight:600;font-size:14px;margin-right:10px">{escape(title)}</span>'
        f'<span style="color:{SECONDARY};font-size:12px">{rest}</span></div>'
    )


def line_spec(name: str, lines: Sequence[Line], total: int) -> dict[str, Any]:
    """Return the Vega-Lite specification of lines over steps; what is measured is not in it.

    Args:
        name: one of `MEASURES`.
        lines: how they look.
        total: the right end of the axis.
    """
    measure = MEASURES[name]
    plain = {"title": None, "domain": False, "ticks": False, "labelColor": SECONDARY, "labelFontSize": 11}
    across = {
        "field": "step",
        "type": "quantitative",
        "scale": {"domain": [0, max(total, 1)], "nice": False},
        "axis": plain | {"grid": False, "tickCount": 6, "format": ",d"},
    }
    up: dict[str, Any] = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [0, 1]} if measure.is_share else {"zero": True, "nice": True},
        "axis": plain | {"gridColor": LINE, "tickCount": 5, "format": measure.format},
    }
    if measure.is_share:
        up["axis"] |= {"values": [0, 0.25, 0.5, 0.75, 1], "format": ".2f"}
    tooltip = [
        {"field": "series", "type": "nominal"},
        {"field": "step", "type": "quantitative", "format": ",.0f"},
        {"field": "value", "type": "quantitative", "format": ".2e" if name == "Learning rate" else ".3f"},
    ]
    return {
        "layer": [_layer(line) for line in lines],
        "encoding": {"x": across, "y": up, "tooltip": tooltip},
        "height": HEIGHT,
        "padding": {"left": 4, "right": 4, "top": 6, "bottom": 0},
        "background": "transparent",
        "config": {"view": {"stroke": None}, "background": "transparent"},
    }


def _layer(line: Line) -> dict[str, Any]:
    mark: dict[str, Any] = {
        "type": "line",
        "clip": True,
        "color": line.colour,
        "opacity": line.opacity,
        "strokeWidth": line.width,
    }
    if line.dots:
        mark["point"] = {"color": line.colour, "size": 20, "filled": True}
    if line.dash:
        mark["strokeDash"] = list(line.dash)
    return {"mark": mark, "transform": [{"filter": f"datum.series === {line.name!r}"}]}


def _draw(name: str, lines: Sequence[Line], total: int) -> None:
    """Draw lines over one table: while specification and description stay, the browser only swaps the data.

    Written out, because Altair checks its specification against a schema for a seventh of a second each time.
    """
    import pandas as pd

    rows = [
        {"series": line.name, "step": float(step), "value": float(value)}
        for line in lines
        for step, value in zip(*line.points, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["series", "step", "value"])
    key = f"{name.lower().replace(' ', '-')}-chart"
    spec = line_spec(name, lines, total)
    st.vega_lite_chart(table, spec, width="stretch", theme=None, key=key, alt=f"{MEASURES[name].title}, by step")
