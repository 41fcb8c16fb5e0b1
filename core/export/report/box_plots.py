"""Every case's value, the quartiles and the mean, per region and model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from core.export.report import svg
from core.export.report.scored import Document, cell_of, compared_values, is_flagged, metric_title, regions_of

WIDTH, HEIGHT = 174.0, 64.0
LEFT, RIGHT, TOP, BOTTOM = 11.0, 1.0, 6.0, 6.0
TICKS = 5
WIDEST_SLOT = 15.0
PAIRED = 40  # cases whose values are joined from model to model; more would be a grey cloud
DOT = 0.6  # its radius
SHIFTS = (0.0, 0.11, -0.11, 0.2, -0.2)  # of a slot
WHISKER = 1.5  # times the interquartile range, after Tukey


def box_plot(document: Document, metric: str) -> str:
    """Draw one metric as SVG: a box per region and model over the cases that the means are over.

    Box: quartiles and median; whiskers: the farthest value within 1.5 interquartile ranges; dots: cases, hollow where
    the empty-mask policy set the value; diamond and bar: mean and its 95 % interval. Empty where nothing was scored.

    Reference:
        Tukey 1977, "Exploratory Data Analysis".
    """
    regions = regions_of(document)
    values = {region: compared_values(document, region, metric) for region in regions}
    found = [value for by_model in values.values() for cases in by_model.values() for value in cases.values()]
    if not found:
        return ""
    top = 1.0 if min(found) >= 0 and max(found) <= 1 else svg.round_up(max(found))
    low = min(0.0, -svg.round_up(-min(found)) if min(found) < 0 else 0.0)
    parts = _axis(low, top, metric_title(document, metric))
    across = (WIDTH - LEFT - RIGHT) / len(regions)
    for number, region in enumerate(regions):
        start = LEFT + number * across
        if number:
            parts.append(svg.line([(start, TOP), (start, HEIGHT - BOTTOM)], svg.RULE, 0.2))
        name = svg.shortened(region, across - 2, 2.8)
        parts.append(svg.words((start + across / 2, HEIGHT - 1.4), name, svg.INK, 2.8, "middle"))
        parts += _group(document, (region, metric), values[region], (start, across), (low, top))
    return svg.picture(parts, WIDTH, HEIGHT, f"{metric_title(document, metric)} of every case, by region and model")


def _axis(low: float, top: float, title: str) -> list[str]:
    parts = [svg.words((0, 3), title, svg.INK, 2.8, weight="bold")]
    for tick in range(TICKS + 1):
        value = low + (top - low) * tick / TICKS
        y = _height(value, low, top)
        parts.append(svg.line([(LEFT, y), (WIDTH - RIGHT, y)], svg.RULE, 0.2))
        parts.append(svg.words((LEFT - 1.5, y + 0.9), f"{value:.3g}".replace("-", "−"), svg.GREY, 2.5, "end"))
    return parts


def _height(value: float, low: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value - low) / (top - low)


def _group(
    document: Document,
    what: tuple[str, str],
    values: Mapping[str, Mapping[str, float]],
    place: tuple[float, float],
    scale: tuple[float, float],
) -> list[str]:
    """Draw one region: lines from model to model, then each model's box, dots and mean."""
    region, metric = what
    models = list(document["models"])
    start, across = place
    slot = min(WIDEST_SLOT, across * 0.94 / len(models))
    first = start + (across - slot * len(models)) / 2
    centres = {model: first + slot * (index + 0.42) for index, model in enumerate(models)}
    parts: list[str] = []
    shown = [model for model in models if values.get(model)]
    cases = list(values[shown[0]]) if shown else []
    places = {model: _places(list(values[model].values()), centres[model], slot, scale) for model in shown}
    if len(cases) <= PAIRED:
        for one, other in pairwise(shown):
            ends = zip(places[one], places[other], strict=True)
            parts += [svg.line(pair, svg.GREY, 0.12, opacity=0.35) for pair in ends]
    for model in shown:
        colour = svg.colour_of(models.index(model))
        cell = cell_of(document, model, region, metric)
        hollow = [is_flagged(document, model, case, region, metric) for case in cases]
        numbers = list(values[model].values())
        parts += _box(numbers, centres[model], slot, colour, scale)
        radius = DOT if len(cases) <= PAIRED else DOT / 2
        dots = zip(places[model], hollow, strict=True)
        parts += [svg.dot(place, radius, colour, hollow=is_hollow) for place, is_hollow in dots]
        if cell:
            parts += _mean(cell["mean"], cell["ci95"], centres[model] + 0.36 * slot, colour, scale)
    return parts


def _box(values: Sequence[float], centre: float, slot: float, colour: str, scale: tuple[float, float]) -> list[str]:
    low, median, high = (float(value) for value in np.percentile(values, [25, 50, 75]))
    reach = WHISKER * (high - low)
    inside = [value for value in values if low - reach <= value <= high + reach]
    half = 0.25 * slot
    y = {name: _height(value, *scale) for name, value in (("low", low), ("median", median), ("high", high))}
    ends = (_height(min(inside), *scale), _height(max(inside), *scale))
    return [
        svg.line([(centre, y["low"]), (centre, ends[0])], colour, 0.25),
        svg.line([(centre, y["high"]), (centre, ends[1])], colour, 0.25),
        svg.box((centre - half, y["high"]), (2 * half, y["low"] - y["high"]), colour, 0.25, fill=colour, opacity=0.12),
        svg.line([(centre - half, y["median"]), (centre + half, y["median"])], colour, 0.6),
    ]


def _places(values: Sequence[float], centre: float, slot: float, scale: tuple[float, float]) -> list[svg.Point]:
    """Return where each value's dot is: on the middle line, or beside it where it would hide the one below."""
    heights = [_height(value, *scale) for value in values]
    places: list[svg.Point] = [(centre, height) for height in heights]
    beside, last = 0, float("inf")
    for index in sorted(range(len(values)), key=lambda index: (-heights[index], index)):
        beside = (beside + 1) % len(SHIFTS) if last - heights[index] < 2 * DOT else 0
        last = heights[index]
        places[index] = (centre + slot * SHIFTS[beside], heights[index])
    return places


def _mean(mean: float, ci95: Sequence[float] | None, x: float, colour: str, scale: tuple[float, float]) -> list[str]:
    parts = []
    if ci95 is not None:
        low, high = (_height(value, *scale) for value in ci95)
        parts.append(svg.line([(x, low), (x, high)], colour, 0.35))
    return [*parts, svg.diamond((x, _height(mean, *scale)), 0.9, colour)]
