"""Aligned columns and wrapped lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

WIDTH = 100
NOTHING = "No case was scored."


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw rows under their heads; a column of numbers stands to the right."""
    if not rows:
        return NOTHING
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    number = [all(row[i] and (row[i][0] in "-+0123456789[") for row in rows) for i in range(len(head))]
    lines = (
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, number, strict=True)
        )
        for row in (head, tuple("-" * width for width in widths), *rows)
    )
    return "\n".join(line.rstrip() for line in lines)


def wrapped(lines: Sequence[str]) -> str:
    """Break long lines, their continuations indented."""
    return "\n".join("\n".join(wrap(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False)) for line in lines)
