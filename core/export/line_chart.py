"""A chart of lines over steps, for white ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.export.drawing import GREY, INK, RULE, Point, Stroke, Words

Numbers = npt.NDArray[np.float64]
Points = tuple[Sequence[float] | Numbers, Sequence[float] | Numbers]  # steps and values

LEFT, RIGHT, TOP, BOTTOM = 56, 14, 44, 34  # what is left for names, in pixels
TICKS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line.

    Attributes:
        name: said when it is pointed at; no two of a chart share it.
        colour: of it.
        points: steps and values.
        opacity: below 1 where it steps back.
        width: in pixels.
        dots: whether each value is marked.
        dash: lengths of dash and gap, or nothing.
    """

    name: str
    colour: str
    points: Points
    opacity: float = 1.0
    width: float = 1.6
    dots: bool = False
    dash: tuple[int, ...] = ()


def line_chart(
    title: str, lines: Sequence[Line], total: int, corner: Point, size: tuple[int, int], is_share: bool
) -> list[Stroke | Words]:
    """Draw lines over steps, with axes from 0 and the names of those that do not step back.

    Args:
        title: above the chart.
        lines: with one point or more each.
        total: steps at the right end.
        corner: where the chart's upper left lies.
        size: width and height in pixels.
        is_share: values lie in 0-1, which then is the axis; otherwise it ends above the highest.
    """
    left, right = corner[0] + LEFT, corner[0] + size[0] - RIGHT
    top, bottom = corner[1] + TOP, corner[1] + size[1] - BOTTOM
    highest = 1.0 if is_share else _round_up(max((float(max(line.points[1])) for line in lines), default=1.0))
    marks: list[Stroke | Words] = [Words((left, corner[1] + 16), title, INK, 13)]
    for tick in range(TICKS + 1):
        y = bottom - (bottom - top) * tick / TICKS
        x = left + (right - left) * tick / TICKS
        marks.append(Stroke([(left, y), (right, y)], RULE, 0.75))
        marks.append(Words((left - 6, y + 4), f"{highest * tick / TICKS:.3g}", GREY, 10, "right"))
        marks.append(Words((x, bottom + 15), f"{total * tick / TICKS:,.0f}", GREY, 10, "middle"))
    marks.append(Words((right, bottom + 29), "step", GREY, 10, "right"))
    across = left
    for line in lines:
        points = [
            (left + (right - left) * float(step) / max(1, total), bottom - (bottom - top) * float(value) / highest)
            for step, value in zip(*line.points, strict=True)
        ]
        marks.append(Stroke(points, line.colour, line.width, line.opacity, line.dash))
        if line.dots:
            marks += [Stroke([(x - 1.5, y), (x + 1.5, y)], line.colour, 3, line.opacity) for x, y in points]
        if line.opacity == 1.0 or line.dash:
            sample = [(across, corner[1] + 28), (across + 14, corner[1] + 28)]
            marks.append(Stroke(sample, line.colour, 2, 1.0, line.dash))
            marks.append(Words((across + 18, corner[1] + 32), line.name, GREY, 10))
            across += 30 + 6 * len(line.name)
    return marks


def _round_up(value: float) -> float:
    """Return the next number that reads well: 1, 2, 2.5, 4, 5 or 8 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (len(f"{int(value)}") - 1) if value >= 1 else 10.0 ** (int(f"{value:e}".partition("e")[2]))
    return next(step * power for step in (1, 2, 2.5, 4, 5, 8, 10) if step * power >= value)
