"""A table of the report: its words, and which columns hold numbers."""

from __future__ import annotations

from dataclasses import dataclass

Row = tuple[str, ...]

WHOLE = 14  # rows


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads.

    Attributes:
        caption: what it shows, a sentence or two; empty continues the table before it.
        head: one word or two per column.
        rows: as many cells each as `head`.
        words: how many of the first columns are words; the others are numbers and stand to the right.
        keys: how many of the first columns rows that belong together share; what they share is printed once.
        wordy: columns further right that are words too.
    """

    caption: str
    head: Row
    rows: tuple[Row, ...]
    words: int = 1
    keys: int = 1
    wordy: tuple[int, ...] = ()

    def is_number(self, column: int) -> bool:
        """Say whether a column stands to the right."""
        return column >= self.words and column not in self.wordy

    def is_whole(self) -> bool:
        """Say whether it is short enough to stand on one page."""
        return len(self.rows) <= WHOLE

    @property
    def groups(self) -> list[list[Row]]:
        """The rows that belong together, which print keeps on one page; keys are empty after the first of them."""
        found: list[list[Row]] = []
        before: Row | None = None
        for row in self.rows:
            key = row[: self.keys]
            if key == before:
                found[-1].append(("",) * self.keys + row[self.keys :])
            else:
                found.append([row])
            before = key
        return found
