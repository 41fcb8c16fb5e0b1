"""A run's curves as one picture for a report."""

from __future__ import annotations

from dataclasses import replace

from core.export.drawing import INK, Drawing, Stroke, Words
from core.export.line_chart import LEFT, Line, line_chart
from pages.parts.training.lines import MEASURES, TRAINING, VALIDATION, Watched, lines_of
from pages.parts.viewer.spec import PALETTE

CHART = (520, 300)
HEAD = 36
# what is bright on black cannot be read on white
ON_WHITE = {VALIDATION: INK, TRAINING: "#2f7fb0", PALETTE[0]: "#1f7fbf", PALETTE[1]: "#c46a00", PALETTE[2]: "#7d8a00"}


def curves_svg(title: str, watched: Watched) -> bytes:
    """Return the curves that were measured as SVG, UTF-8."""
    return _drawing(title, watched).svg()


def curves_png(title: str, watched: Watched) -> bytes:
    """Return the same picture as PNG."""
    return _drawing(title, watched).png()


def _drawing(title: str, watched: Watched) -> Drawing:
    found = {name: [_on_white(line) for line in lines_of(name, watched) if len(line.points[0])] for name in MEASURES}
    shown = {name: lines for name, lines in found.items() if lines}
    rows = -(-max(1, len(shown)) // 2)
    marks: list[Stroke | Words] = [Words((LEFT - 40, 26), title, INK, 16)]
    for number, (name, lines) in enumerate(shown.items()):
        corner = (number % 2 * CHART[0], HEAD + number // 2 * CHART[1])
        measure = MEASURES[name]
        marks += line_chart(measure.title, lines, watched.total, corner, CHART, measure.is_share)
    return Drawing(title, 2 * CHART[0], HEAD + rows * CHART[1], marks)


def _on_white(line: Line) -> Line:
    return replace(line, colour=ON_WHITE.get(line.colour, line.colour), dots=False)
