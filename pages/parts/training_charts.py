"""The curves of a training, small enough to be drawn again every second."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.training.curves import Curves, ValidationPoint, smoothed, thinned
from pages.parts.viewer.spec import PALETTE

if TYPE_CHECKING:
    import pandas as pd

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
    said = f"training {smooth[-1]:.3f}" if smooth.size else "nothing measured yet"
    if points:
        said += f", validation {points[-1].loss:.3f}"
    _draw(rows, lines, total_steps, "zero", f"Loss: {said}", "loss-chart")


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
    last = validations[-1].dice.items() if validations else ()
    said = ", ".join(f"{region} {value:.2f}" for region, value in last if value is not None) or "nothing measured yet"
    _draw(rows, lines, total_steps, "share", f"Validation Dice: {said}", "dice-chart")


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
) -> Any:
    import altair as alt

    point: Any = alt.OverlayMarkDef(color=colour, size=16, filled=True) if dots else False
    dash = [4, 4] if dashed else [1, 0]
    return (
        alt.Chart()
        .mark_line(color=colour, opacity=opacity, strokeWidth=width, point=point, strokeDash=dash, clip=True)
        .transform_filter(f"datum.series === {series!r}")
    )


def _draw(rows: list[dict[str, Any]], lines: list[Any], total_steps: int, scale: str, said: str, key: str) -> None:
    """Draw lines over one table: with one table and an unchanged specification the browser only swaps the data."""
    import altair as alt

    text = {"labelColor": SECONDARY, "titleColor": SECONDARY, "labelFontSize": 11, "titleFontSize": 11}
    across = alt.X(
        "step:Q",
        scale=alt.Scale(domain=[0, max(total_steps, 1)], nice=False),
        axis=alt.Axis(title=None, grid=False, domain=False, ticks=False, tickCount=6, format=",d", **text),
    )
    limits = alt.Scale(domain=[0, 1]) if scale == "share" else alt.Scale(zero=True, nice=True)
    numbers = ".2f" if scale == "share" else "~g"
    up = alt.Y(
        "value:Q",
        scale=limits,
        axis=alt.Axis(title=None, domain=False, ticks=False, tickCount=5, format=numbers, gridColor=LINE, **text),
    )
    tooltip = [alt.Tooltip("series:N"), alt.Tooltip("step:Q", format=",.0f"), alt.Tooltip("value:Q", format=".3f")]
    chart = (
        alt.layer(*lines, data=_table(rows))
        .encode(x=across, y=up, tooltip=tooltip)
        .properties(height=HEIGHT)
        .configure_view(stroke=None)
    )
    st.altair_chart(chart, width="stretch", key=key, alt=said)


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=["series", "step", "value"])
