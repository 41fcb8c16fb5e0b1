"""A dense table of text and numbers: the first column reads, the others align to the right, digits under digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

SECONDARY = "#8d98a6"
LINE = "#20262e"
ACCENT = "#5aa9d6"
PICTURE_SIDE = 72  # CSS pixels


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: what stands in it.
        bold: the best of its column.
        grey: steps back.
        colour: of a square before the text; empty draws none.
        href: where a click on it leads; empty leads nowhere.
        picture: a data address that is drawn instead of the text, which then says what it is.
    """

    text: str
    bold: bool = False
    grey: bool = False
    colour: str = ""
    href: str = ""
    picture: str = ""


Row = Sequence[Cell | str]


def draw_grid(
    head: Sequence[str], rows: Sequence[Row], *, reads: int = 1, new_group: Sequence[int] = (), wraps: bool = False
) -> None:
    """Draw a table.

    Args:
        head: a word per column.
        rows: as many cells each.
        reads: how many columns, from the left, hold words.
        new_group: rows above which the line is brighter.
        wraps: words go on in a second line before a number is cut off: for a narrow place.
    """
    st.html(grid_html(head, rows, reads=reads, new_group=new_group, wraps=wraps))


def grid_html(
    head: Sequence[str], rows: Sequence[Row], *, reads: int = 1, new_group: Sequence[int] = (), wraps: bool = False
) -> str:
    """Return the table as HTML; everything in it is escaped."""
    titles = "".join(_cell("th", Cell(title, grey=True), index < reads, "") for index, title in enumerate(head))
    body = []
    for number, row in enumerate(rows):
        line = f"border-top:1px solid {'#3a424d' if number in new_group else LINE}"
        styles = [f"{line};white-space:normal" if wraps and at < reads else line for at in range(len(row))]
        cells = (each if isinstance(each, Cell) else Cell(each) for each in row)
        body.append(f"<tr>{''.join(_cell('td', each, at < reads, styles[at]) for at, each in enumerate(cells))}</tr>")
    style = "width:100%;border-collapse:collapse;font-size:12.5px;line-height:1.35;font-variant-numeric:tabular-nums"
    return (
        f'<div style="overflow-x:auto"><table style="{style}"><thead><tr>{titles}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _cell(tag: str, cell: Cell, reads: bool, line: str) -> str:
    style = f"padding:5px 10px 5px 0;text-align:{'left' if reads else 'right'};white-space:nowrap;{line}"
    weight = "font-weight:600" if cell.bold else "font-weight:400"
    grey = f";color:{SECONDARY}" if cell.grey else ""
    square = f'<span style="color:{cell.colour}">■</span>&nbsp;' if cell.colour else ""
    text = escape(cell.text)
    if cell.picture:
        shape = f"display:block;width:{PICTURE_SIDE}px;height:{PICTURE_SIDE}px;border-radius:4px"
        text = f'<img src="{escape(cell.picture)}" alt="{text}" title="{text}" style="{shape}">'
    if cell.href:
        text = f'<a href="{escape(cell.href)}" target="_self" style="color:{ACCENT};text-decoration:none">{text}</a>'
    return f'<{tag} style="{style};{weight}{grey}">{square}{text}</{tag}>'
