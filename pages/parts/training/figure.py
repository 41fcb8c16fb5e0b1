"""A run's curves as one picture for a report: white ground, SVG or PNG, drawn here and without any network."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from pages.parts.training.lines import MEASURES, TRAINING, VALIDATION, Line, Watched, lines_of
from pages.parts.viewer.spec import PALETTE

if TYPE_CHECKING:
    from PIL import ImageFont

WIDTH, HEIGHT = 520, 300  # of one chart, in pixels of the SVG
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 44, 34
SCALE = 3  # of the PNG: 300 dots per inch at 13 cm
INK, GREY, RULE = "#1b2129", "#5c6773", "#d9dee4"
# what is bright on black cannot be read on white
ON_WHITE = {VALIDATION: INK, TRAINING: "#2f7fb0", PALETTE[0]: "#1f7fbf", PALETTE[1]: "#c46a00", PALETTE[2]: "#7d8a00"}
TICKS = 4
FONT = 'font-family="system-ui, Helvetica, Arial, sans-serif"'

Point = tuple[float, float]
# in order: ("line", points, colour, width, opacity, dash) or ("text", place, words, colour, size, anchor)
Drawing = list[tuple[Any, ...]]


def curves_svg(title: str, watched: Watched) -> bytes:
    """Return the curves that were measured as SVG, UTF-8."""
    drawing, width, height = _drawing(title, watched)
    view = f'viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {view} {FONT}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for kind, *what in drawing:
        parts.append(_svg_line(*what) if kind == "line" else _svg_text(*what))
    return "\n".join([*parts, "</svg>", ""]).encode()


def curves_png(title: str, watched: Watched) -> bytes:
    """Return the same picture as PNG."""
    from PIL import Image, ImageDraw, ImageFont

    drawing, width, height = _drawing(title, watched)
    image = Image.new("RGB", (width * SCALE, height * SCALE), "#ffffff")
    canvas = ImageDraw.Draw(image)
    fonts: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}
    for kind, *what in drawing:
        if kind == "line":
            points, colour, thickness, opacity, dash = what
            colour = _mixed(colour, opacity)
            scaled = [(x * SCALE, y * SCALE) for x, y in points]
            for part in _dashes(scaled, [length * SCALE for length in dash]) if dash else [scaled]:
                canvas.line(part, fill=colour, width=max(1, round(thickness * SCALE)), joint="curve")
        else:
            (x, y), words, colour, points_high, anchor = what
            font = fonts.setdefault(points_high, ImageFont.load_default(points_high * SCALE))
            canvas.text((x * SCALE, y * SCALE), words, fill=colour, font=font, anchor=f"{anchor[0]}s")
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True, dpi=(300, 300))
    return out.getvalue()


def _drawing(title: str, watched: Watched) -> tuple[Drawing, int, int]:
    found = {name: lines_of(name, watched) for name in MEASURES}
    shown = {name: lines for name, lines in found.items() if any(len(line.points[0]) for line in lines)}
    rows = -(-max(1, len(shown)) // 2)
    width, height = 2 * WIDTH, 36 + rows * HEIGHT
    drawing: Drawing = [("text", (LEFT - 40, 26), title, INK, 16, "left")]
    for number, (name, lines) in enumerate(shown.items()):
        corner = (number % 2 * WIDTH, 36 + number // 2 * HEIGHT)
        drawing += _chart(name, [line for line in lines if len(line.points[0])], watched.total, corner)
    return drawing, width, height


def _chart(name: str, lines: Sequence[Line], total: int, corner: Point) -> Drawing:
    left, right = corner[0] + LEFT, corner[0] + WIDTH - RIGHT
    top, bottom = corner[1] + TOP, corner[1] + HEIGHT - BOTTOM
    measure = MEASURES[name]
    highest = 1.0 if measure.is_share else _round_up(max(max(line.points[1]) for line in lines))
    drawing: Drawing = [("text", (left, corner[1] + 16), measure.title, INK, 13, "left")]
    for tick in range(TICKS + 1):
        y = bottom - (bottom - top) * tick / TICKS
        drawing.append(("line", [(left, y), (right, y)], RULE, 0.75, 1.0, ()))
        drawing.append(("text", (left - 6, y + 4), f"{highest * tick / TICKS:.3g}", GREY, 10, "right"))
        x = left + (right - left) * tick / TICKS
        drawing.append(("text", (x, bottom + 15), f"{total * tick / TICKS:,.0f}", GREY, 10, "middle"))
    drawing.append(("text", (right, bottom + 29), "step", GREY, 10, "right"))
    across = left
    for line in lines:
        colour = ON_WHITE.get(line.colour, line.colour)
        points = [
            (left + (right - left) * float(step) / max(1, total), bottom - (bottom - top) * float(value) / highest)
            for step, value in zip(*line.points, strict=True)
        ]
        drawing.append(("line", points, colour, line.width, line.opacity, line.dash))
        if line.opacity == 1.0 or line.dash:
            drawing.append(
                ("line", [(across, corner[1] + 28), (across + 14, corner[1] + 28)], colour, 2, 1.0, line.dash)
            )
            drawing.append(("text", (across + 18, corner[1] + 32), line.name, GREY, 10, "left"))
            across += 30 + 6 * len(line.name)
    return drawing


def _round_up(value: float) -> float:
    """Return the next number that reads well: 1, 2, 2.5, 4, 5 or 8 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (len(f"{int(value)}") - 1) if value >= 1 else 10.0 ** (int(f"{value:e}".partition("e")[2]))
    return next(step * power for step in (1, 2, 2.5, 4, 5, 8, 10) if step * power >= value)


def _svg_line(points: Sequence[Point], colour: str, width: float, opacity: float, dash: Sequence[int]) -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{",".join(map(str, dash))}"' if dash else ""
    return (
        f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width}" '
        f'stroke-opacity="{opacity}" stroke-linejoin="round"{dashed}/>'
    )


def _svg_text(place: Point, words: str, colour: str, size: int, anchor: str) -> str:
    side = {"left": "start", "middle": "middle", "right": "end"}[anchor]
    x, y = place
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" text-anchor="{side}">{escape(words)}</text>'
    )


def _mixed(colour: str, opacity: float) -> tuple[int, ...]:
    """Return a colour over white."""
    parts = [int(colour[index : index + 2], 16) for index in (1, 3, 5)]
    return tuple(round(255 - opacity * (255 - part)) for part in parts)


def _dashes(points: Sequence[Point], lengths: Sequence[float]) -> list[list[Point]]:
    """Cut a line into dashes; lengths are dash, gap."""
    dash, gap = lengths
    parts: list[list[Point]] = []
    left, drawing, here = dash, True, [points[0]]
    for end in points[1:]:
        start = here[-1]
        span = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
        while span > left:
            share = left / span
            start = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            here.append(start)
            if drawing:
                parts.append(here)
            span -= left
            drawing, here = not drawing, [start]
            left = dash if drawing else gap
        left -= span
        here.append(end)
    if drawing and len(here) > 1:
        parts.append(here)
    return parts
