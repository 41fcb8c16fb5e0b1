"""Strokes and words of the report's figures as SVG, in millimetres of the printed page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

INK, GREY, RULE = "#1b2129", "#5c6773", "#d9dee4"
# apart for colour-blind readers, and dark enough on white
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b0539a", "#8a6d00", "#3a9bd1", "#7a3b00", "#555555")
# of masks on grey images: as the viewer draws them
ON_GREY = ("#56b4e9", "#e69f00", "#f0e442", "#009e73", "#cc79a7", "#0072b2", "#d55e00", "#999999")
FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

Point = tuple[float, float]


def picture(parts: Sequence[str], width: float, height: float, title: str, shown_mm: Point | None = None) -> str:
    """Return an SVG element.

    Args:
        parts: what is drawn, in order.
        width: of the drawing, in its own units.
        height: likewise.
        title: what a reader who cannot see it is told.
        shown_mm: how large it is printed; by default a unit is a millimetre.
    """
    across, down = shown_mm or (width, height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{across:.2f}mm" height="{down:.2f}mm" '
        f'viewBox="0 0 {width:.2f} {height:.2f}" font-family="{FONT}"><title>{escape(title)}</title>'
        + "".join(parts)
        + "</svg>"
    )


def line(points: Sequence[Point], colour: str, width: float, *, opacity: float = 1.0, dash: str = "") -> str:
    """Return a line through points."""
    places = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    faint = f' stroke-opacity="{opacity}"' if opacity < 1 else ""
    return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width}"{faint}{dashed}/>'


def box(corner: Point, size: Point, colour: str, width: float, *, fill: str = "none", opacity: float = 1.0) -> str:
    """Return a rectangle."""
    (x, y), (across, down) = corner, size
    return (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{across:.2f}" height="{down:.2f}" fill="{fill}" '
        f'fill-opacity="{opacity}" stroke="{colour}" stroke-width="{width}"/>'
    )


def dot(centre: Point, radius: float, colour: str, *, hollow: bool = False) -> str:
    """Return a dot, or a ring."""
    inside = f'fill="#ffffff" stroke="{colour}" stroke-width="0.2"' if hollow else f'fill="{colour}" fill-opacity="0.7"'
    return f'<circle cx="{centre[0]:.2f}" cy="{centre[1]:.2f}" r="{radius}" {inside}/>'


def diamond(centre: Point, radius: float, colour: str) -> str:
    """Return a diamond."""
    x, y = centre
    corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
    return f'<polygon points="{" ".join(f"{a:.2f},{b:.2f}" for a, b in corners)}" fill="{colour}"/>'


def words(place: Point, said: str, colour: str, size: float, anchor: str = "start", weight: str = "") -> str:
    """Return a line of words; their lower left, middle or right is at the place."""
    heavy = f' font-weight="{weight}"' if weight else ""
    return (
        f'<text x="{place[0]:.2f}" y="{place[1]:.2f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}"{heavy}>'
        f"{escape(said)}</text>"
    )


def colour_of(index: int, colours: Sequence[str] = COLOURS) -> str:
    """Return the colour of the index-th of several; they come round again."""
    return colours[index % len(colours)]


def shortened(said: str, room: float, size: float) -> str:
    """Return words cut to what fits into `room` millimetres at a font size, with an ellipsis."""
    letters = max(1, int(room / (0.55 * size)))
    return said if len(said) <= letters else said[: max(1, letters - 1)] + "…"


def round_up(value: float) -> float:
    """Return the next number that reads well: 1, 2, 2.5, 4, 5 or 8 times a power of ten; of 0 or less, 1."""
    if value <= 0:
        return 1.0
    power = 10.0 ** int(f"{value:e}".partition("e")[2])
    return next(step * power for step in (1, 2, 2.5, 4, 5, 8, 10) if step * power >= value)
