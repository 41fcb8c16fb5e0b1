"""The curves of a training, small enough to be drawn again every second."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from core.training.curves import Curves, ValidationPoint, smoothed, thinned
from pages.parts.viewer.spec import PALETTE

POINTS = 300  # of each training curve
HEIGHT = 196
TRAINING = "#5aa9d6"
VALIDATION = "#e6ebf0"
SECONDARY = "#8d98a6"
LINE = "#20262e"


def loss_chart(curves: Curves, total_steps: int) -> None:
    """Draw the training loss, smooth over its raw values, and the validation loss."""
    heading("Loss", [("training", TRAINING), ("validation", VALIDATION)])
    steps, raw = thinned(curves.steps, curves.losses, total_steps, POINTS)
    _, smooth = thinned(curves.steps, smoothed(curves.losses, max(5, total_steps // 40)), total_steps, POINTS)
    points = curves.validations
    rows = _rows("raw", steps, raw) + _rows("training", steps, smooth)
    rows += _rows("validation", [point.step for point in points], [point.loss for point in points])
    lines = [
        _line("raw", TRAINING, opacity=0.3, width=1),
        _line("training", TRAINING),
        _line("validation", VALIDATION, dots=True),
    ]
    _draw(rows, lines, total_steps, "Loss of training and validation by step", "loss-chart", is_share=False)


def dice_chart(
    validations: Sequence[ValidationPoint],
    regions: Sequence[str],
    total_steps: int,
    rival: tuple[str, Sequence[ValidationPoint]] | None = None,
) -> None:
    """Draw the mean Dice of each region over whole validation patients.

    Args:
        validations: what the run has measured.
        regions: in bit order, which decides their colours.
        total_steps: steps the run will have.
        rival: another run's name and validations; its first region is dashed.
    """
    words = list(zip(regions, PALETTE, strict=False))
    heading("Validation Dice, whole patients", words, f"dashed: {rival[0]}" if rival else "")
    rows, lines = [], []
    for region, colour in words:
        measured = [(point.step, value) for point in validations if (value := point.dice.get(region)) is not None]
        rows += _rows(region, [step for step, _ in measured], [value for _, value in measured])
        lines.append(_line(region, colour, dots=True))
    if rival and regions:
        within = [point for point in rival[1] if point.step <= total_steps and point.dice.get(regions[0]) is not None]
        rows += _rows("rival", [point.step for point in within], [point.dice[regions[0]] or 0.0 for point in within])
        lines.append(_line("rival", PALETTE[0], opacity=0.55, width=1, dashed=True))
    _draw(
        rows,
        lines,
        total_steps,
        "Dice of each region on whole validation patients, by step",
        "dice-chart",
        is_share=True,
    )


def heading(title: str, words: Sequence[tuple[str, str]] = (), after: str = "") -> None:
    """Draw a heading whose coloured words are the legend."""
    spans = " · ".join(f'<span style="color:{colour}">{escape(word)}</span>' for word, colour in words)
    rest = " · ".join(part for part in (spans, escape(after)) if part)
    st.html(
        f'<span style="font-weight:600;font-size:14px;margin-right:10px">{escape(title)}</span>'
        f'<span style="color:{SECONDARY};font-size:12px">{rest}</span>'
    )


def _rows(series: str, steps: Sequence[float] | Any, values: Sequence[float] | Any) -> list[dict[str, Any]]:
    return [
        {"series": series, "step": float(step), "value": float(value)}
        for step, value in zip(steps, values, strict=True)
    ]


def _line(
    series: str, colour: str, *, opacity: float = 1.0, width: float = 1.6, dots: bool = False, dashed: bool = False
) -> dict[str, Any]:
    mark: dict[str, Any] = {"type": "line", "clip": True, "color": colour, "opacity": opacity, "strokeWidth": width}
    if dots:
        mark["point"] = {"color": colour, "size": 20, "filled": True}
    if dashed:
        mark["strokeDash"] = [4, 4]
    return {"mark": mark, "transform": [{"filter": f"datum.series === {series!r}"}]}


def line_spec(lines: list[dict[str, Any]], total_steps: int, *, is_share: bool) -> dict[str, Any]:
    """Return the Vega-Lite specification of lines over steps; what is measured is not in it.

    Args:
        lines: layers.
        total_steps: the right end of the axis.
        is_share: whether values lie in 0-1, which then is the axis.
    """
    plain = {"title": None, "domain": False, "ticks": False, "labelColor": SECONDARY, "labelFontSize": 11}
    across = {
        "field": "step",
        "type": "quantitative",
        "scale": {"domain": [0, max(total_steps, 1)], "nice": False},
        "axis": plain | {"grid": False, "tickCount": 6, "format": ",d"},
    }
    up: dict[str, Any] = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [0, 1]} if is_share else {"zero": True, "nice": True},
        "axis": plain | {"gridColor": LINE, "tickCount": 5, "format": ".2f" if is_share else ".1f"},
    }
    if is_share:
        up["axis"]["values"] = [0, 0.25, 0.5, 0.75, 1]
    tooltip = [
        {"field": "series", "type": "nominal"},
        {"field": "step", "type": "quantitative", "format": ",.0f"},
        {"field": "value", "type": "quantitative", "format": ".3f"},
    ]
    return {
        "layer": lines,
        "encoding": {"x": across, "y": up, "tooltip": tooltip},
        "height": HEIGHT,
        "padding": {"left": 4, "right": 4, "top": 6, "bottom": 0},
        "config": {"view": {"stroke": None}},
    }


def _draw(
    rows: list[dict[str, Any]], lines: list[dict[str, Any]], total_steps: int, said: str, key: str, *, is_share: bool
) -> None:
    """Draw lines over one table: while specification and description stay, the browser only swaps the data.

    Written out, because Altair checks its specification against a schema for a seventh of a second each time.
    """
    import pandas as pd

    table = pd.DataFrame(rows, columns=["series", "step", "value"])
    spec = line_spec(lines, total_steps, is_share=is_share)
    st.vega_lite_chart(table, spec, width="stretch", key=key, alt=said)
