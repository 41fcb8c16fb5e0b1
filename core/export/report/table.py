"""A table of the report: its words, and which columns hold numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads.

    Attributes:
        caption: what it shows, a sentence or two; empty continues the table before it.
        head: one word or two per column.
        rows: as many cells each as `head`; a first cell that is empty repeats the one above.
        words: how many of the first columns are words; the others are numbers and stand to the right.
        wordy: columns further right that are words too.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    wordy: tuple[int, ...] = ()

    def is_number(self, column: int) -> bool:
        """Say whether a column stands to the right."""
        return column >= self.words and column not in self.wordy


def without_repeats(rows: Sequence[tuple[str, ...]], columns: int = 1) -> tuple[tuple[str, ...], ...]:
    """Empty the first cells that say what the row above says."""
    shown = []
    before: tuple[str, ...] = ()
    for row in rows:
        same = 0
        while same < columns and before[: same + 1] == row[: same + 1]:
            same += 1
        shown.append(("",) * same + row[same:])
        before = row
    return tuple(shown)
