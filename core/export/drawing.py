"""A picture made of lines and words, written as SVG or PNG: white ground, no network, the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from PIL import ImageFont

Point = tuple[float, float]
Anchor = Literal["left", "middle", "right"]

INK, GREY, RULE = "#1b2129", "#5c6773", "#d9dee4"
SCALE = 3  # of the PNG: 300 dots per inch at 13 cm
_FONT = 'font-family="system-ui, Helvetica, Arial, sans-serif"'
_SIDES = {"left": "start", "middle": "middle", "right": "end"}


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points, in pixels of the SVG; `dash` is the lengths of dash and gap, or nothing."""

    points: Sequence[Point]
    colour: str
    width: float
    opacity: float = 1.0
    dash: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """A text whose baseline is at `place`; `size` in pixels of the SVG."""

    place: Point
    text: str
    colour: str
    size: int
    anchor: Anchor = "left"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What to draw, in this order, on a white ground.

    Attributes:
        title: what a reader's software calls the picture.
        width, height: in pixels of the SVG.
        marks: strokes and words.
    """

    title: str
    width: int
    height: int
    marks: Sequence[Stroke | Words]

    def svg(self) -> bytes:
        """Return the picture as SVG, UTF-8."""
        view = f'viewBox="0 0 {self.width} {self.height}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" {view} {_FONT}>',
            f"<title>{escape(self.title)}</title>",
            f'<rect width="{self.width}" height="{self.height}" fill="#ffffff"/>',
            *(_svg_stroke(mark) if isinstance(mark, Stroke) else _svg_words(mark) for mark in self.marks),
        ]
        return "\n".join([*parts, "</svg>", ""]).encode()

    def png(self) -> bytes:
        """Return the same picture as PNG, three pixels to one of the SVG."""
        from PIL import Image, ImageDraw, ImageFont

        image = Image.new("RGB", (self.width * SCALE, self.height * SCALE), "#ffffff")
        canvas = ImageDraw.Draw(image)
        fonts: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}
        for mark in self.marks:
            if isinstance(mark, Words):
                place = (mark.place[0] * SCALE, mark.place[1] * SCALE)
                font = fonts.setdefault(mark.size, ImageFont.load_default(mark.size * SCALE))
                canvas.text(place, mark.text, fill=mark.colour, font=font, anchor=f"{mark.anchor[0]}s")
                continue
            scaled = [(x * SCALE, y * SCALE) for x, y in mark.points]
            dashes = _dashes(scaled, [length * SCALE for length in mark.dash]) if mark.dash else [scaled]
            for dash in dashes:
                width = max(1, round(mark.width * SCALE))
                canvas.line(dash, fill=_over_white(mark.colour, mark.opacity), width=width, joint="curve")
        out = io.BytesIO()
        image.save(out, "PNG", optimize=True, dpi=(300, 300))
        return out.getvalue()


def _svg_stroke(stroke: Stroke) -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in stroke.points)
    dashed = f' stroke-dasharray="{",".join(map(str, stroke.dash))}"' if stroke.dash else ""
    return (
        f'<polyline points="{places}" fill="none" stroke="{stroke.colour}" stroke-width="{stroke.width}" '
        f'stroke-opacity="{stroke.opacity}" stroke-linejoin="round"{dashed}/>'
    )


def _svg_words(words: Words) -> str:
    x, y = words.place
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{words.colour}" font-size="{words.size}" '
        f'text-anchor="{_SIDES[words.anchor]}">{escape(words.text)}</text>'
    )


def _over_white(colour: str, opacity: float) -> tuple[int, ...]:
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
