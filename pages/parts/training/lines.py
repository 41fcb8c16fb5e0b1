"""What a chart of a training draws: lines over steps, the same for the page and for a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.export.line_chart import Line, Numbers, Points
from core.training.curves import Curves, PerRegion, ValidationPoint, smoothed, thinned
from pages.parts.viewer.spec import PALETTE

POINTS = 300  # of each line that has a value per step
TRAINING = "#5aa9d6"
VALIDATION = "#e6ebf0"
OTHERS = ("#009e73", "#cc79a7", "#d55e00")  # other runs, where a colour does not say the region
DASHES = ((4, 4), (1, 3), (9, 3))
MOST_OTHERS = len(DASHES)

Value = Callable[[ValidationPoint], float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that a chart shows.

    Attributes:
        title: of the chart.
        format: of its numbers, as d3 writes them.
        is_share: whether values lie in 0-1, which then is the axis.
        regions: whether there is a value for each region.
    """

    title: str
    format: str = ".2~f"
    is_share: bool = False
    regions: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What charts are made of.

    Attributes:
        curves: of the run that is watched.
        regions: in bit order, which decides their colours.
        total: steps the run will have.
        others: name and curves of runs that are drawn dashed.
    """

    curves: Curves
    regions: tuple[str, ...]
    total: int
    others: tuple[tuple[str, Curves], ...] = ()


MEASURES: dict[str, Measure] = {
    "Loss": Measure("Loss"),
    "Dice": Measure("Validation Dice, whole patients", is_share=True, regions=True),
    "IoU": Measure("Validation IoU, whole patients", is_share=True, regions=True),
    "Accuracy": Measure("Accuracy, share of pixels", is_share=True),
    "Learning rate": Measure("Learning rate", ".0e"),
    "Throughput": Measure("Throughput, slices per second", ".0f"),
}


def lines_of(name: str, watched: Watched) -> list[Line]:
    """Return the lines of one of `MEASURES`; which they are does not depend on what has been measured yet."""
    curves, total = watched.curves, watched.total
    if MEASURES[name].regions:
        return _by_region(name.lower(), watched)
    if name == "Learning rate":
        return [
            *_others(watched, lambda other: _per_step(other, other.rates, total, smooth=False)),
            Line("learning rate", TRAINING, _per_step(curves, curves.rates, total, smooth=False)),
        ]
    if name == "Throughput":
        return [
            *_others(watched, lambda other: _validated(other, lambda point: point.slices_per_s)),
            Line("slices/s", TRAINING, _validated(curves, lambda point: point.slices_per_s), dots=True),
        ]
    values = curves.losses if name == "Loss" else curves.accuracies
    value: Value = (lambda point: point.loss) if name == "Loss" else (lambda point: point.accuracy)
    return [
        *_others(watched, lambda other: _validated(other, value)),
        Line("each step", TRAINING, _per_step(curves, values, total, smooth=False), opacity=0.3, width=1),
        Line("training", TRAINING, _per_step(curves, values, total)),
        Line("validation", VALIDATION, _validated(curves, value), dots=True),
    ]


def _by_region(measure: str, watched: Watched) -> list[Line]:
    curves, total = watched.curves, watched.total
    trained = curves.dice if measure == "dice" else curves.iou
    lines = []
    for region, colour in zip(watched.regions, PALETTE, strict=False):
        values = trained.get(region, np.zeros(0))
        batches = _per_step(curves, values, total)
        lines.append(Line(f"{region}, training batches", colour, batches, opacity=0.4, width=1))
    for number, (name, other) in enumerate(watched.others):
        for region, colour in zip(watched.regions, PALETTE, strict=False):
            points = _validated(other, _of_region(measure, region), total)
            lines.append(Line(f"{region}, {name}", colour, points, opacity=0.6, width=1.2, dash=DASHES[number]))
    for region, colour in zip(watched.regions, PALETTE, strict=False):
        lines.append(Line(region, colour, _validated(curves, _of_region(measure, region)), dots=True))
    return lines


def _of_region(measure: str, region: str) -> Value:
    def value(point: ValidationPoint) -> float | None:
        found: PerRegion = point.dice if measure == "dice" else point.iou
        return found.get(region)

    return value


def _others(watched: Watched, points: Callable[[Curves], Points]) -> list[Line]:
    return [
        Line(name, OTHERS[number], _until(points(other), watched.total), opacity=0.8, width=1.2, dash=DASHES[number])
        for number, (name, other) in enumerate(watched.others)
    ]


def _per_step(curves: Curves, values: Numbers, total: int, *, smooth: bool = True) -> Points:
    if values.size != curves.steps.size:  # an older run, which did not measure it
        return [], []
    return thinned(curves.steps, smoothed(values, max(5, total // 40)) if smooth else values, total, POINTS)


def _validated(curves: Curves, value: Value, until: int | None = None) -> Points:
    measured = [(point.step, found) for point in curves.validations if (found := value(point)) is not None]
    points = [float(step) for step, _ in measured], [float(found) for _, found in measured]
    return points if until is None else _until(points, until)


def _until(points: Points, total: int) -> Points:
    steps, values = points
    within = [(step, value) for step, value in zip(steps, values, strict=True) if step <= total]
    return [step for step, _ in within], [value for _, value in within]
