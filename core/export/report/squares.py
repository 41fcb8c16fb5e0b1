"""Curves in the unit square, one square per region and one curve per model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.export.report import svg

COLUMNS = 3
SIDE, GAP, LEFT, TOP, BOTTOM = 44.0, 14.0, 12.0, 6.0, 10.0
WIDTH = 174.0
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)

# region to model to points
Curves = Mapping[str, Mapping[str, Sequence[svg.Point]]]


def squares(
    curves: Curves, models: Sequence[str], across: str, up: str, title: str, *, diagonal: bool, top: float = 1.0
) -> str:
    """Draw curves whose points lie in 0-1 across and 0-`top` upwards; empty without any point.

    Args:
        curves: region to model to its points, in order.
        models: all of them, in the order of their colours.
        across: what runs to the right.
        up: what runs upwards.
        title: what a reader who cannot see it is told.
        diagonal: draw where both are equal.
        top: the highest value.
    """
    shown = {region: found for region, found in curves.items() if any(found.values())}
    if not shown:
        return ""
    parts: list[str] = []
    for place, (region, found) in enumerate(shown.items()):
        corner = (LEFT + place % COLUMNS * (SIDE + GAP), TOP + place // COLUMNS * (SIDE + TOP + BOTTOM))
        parts += _frame(region, corner, across, up, top)
        if diagonal:
            ends = [_place(corner, 0, 0, top), _place(corner, 1, 1, top)]
            parts.append(svg.line(ends, svg.GREY, 0.25, dash="1.2,0.8"))
        for model, points in found.items():
            colour = svg.colour_of(models.index(model))
            places = [_place(corner, x, y, top) for x, y in points]
            parts.append(svg.line(places, colour, 0.4))
            parts += [svg.dot(point, 0.6, colour) for point in places]
    rows = -(-len(shown) // COLUMNS)
    return svg.picture(parts, WIDTH, rows * (SIDE + TOP + BOTTOM), title)


def _place(corner: svg.Point, x: float, y: float, top: float) -> svg.Point:
    return corner[0] + SIDE * x, corner[1] + SIDE * (1 - y / top)


def _frame(region: str, corner: svg.Point, across: str, up: str, top: float) -> list[str]:
    x, y = corner
    parts = [svg.words((x, y - 1.8), svg.shortened(region, SIDE, 2.8), svg.INK, 2.8, weight="bold")]
    for tick in TICKS:
        level = y + SIDE * (1 - tick)
        parts.append(svg.line([(x, level), (x + SIDE, level)], svg.RULE, 0.2))
        parts.append(svg.words((x - 1.2, level + 0.9), f"{tick * top:.3g}", svg.GREY, 2.4, "end"))
        parts.append(svg.words((x + SIDE * tick, y + SIDE + 3.2), f"{tick:g}", svg.GREY, 2.4, "middle"))
    parts.append(svg.words((x + SIDE / 2, y + SIDE + 6.6), across, svg.GREY, 2.4, "middle"))
    parts.append(svg.words((x + SIDE, y - 1.8), f"up: {up}", svg.GREY, 2.2, "end"))
    return parts
