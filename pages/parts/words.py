"""Small words that several pages say the same way."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 patient`, `24 patients`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
