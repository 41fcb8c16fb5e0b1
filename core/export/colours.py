"""The colours of regions in exported files: those of the viewer, apart for colour-blind readers."""

from __future__ import annotations

from core.export.report.svg import ON_GREY


def colour_of(bit: int) -> tuple[int, int, int]:
    """Return red, green and blue (0-255) of the region of a bit."""
    code = ON_GREY[bit % len(ON_GREY)].removeprefix("#")
    return int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)
