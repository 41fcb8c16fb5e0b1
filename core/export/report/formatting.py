"""Numbers as print wants them: fixed decimals by unit, a true minus sign, a dash for what is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.case import MODALITY_TITLES

ABSENT = "–"
SMALLEST_P = 0.001
JOINED = "\N{NO-BREAK SPACE}"
_DECIMALS = {"": 3, "%": 1, "mm": 1, "voxels": 1, "pixels": 1, "ml": 1}
_MANY = 3


def number(value: float | None, unit: str = "", *, signed: bool = False) -> str:
    """Write a number with the decimals of its unit; None is a dash."""
    if value is None:
        return ABSENT
    text = f"{value:{'+' if signed else ''},.{_DECIMALS.get(unit, _MANY)}f}"
    return text.replace("-", "−")


def interval(bounds: Sequence[float] | None, unit: str = "", *, signed: bool = False) -> str:
    """Write an interval as `low to high`; None is a dash."""
    if bounds is None:
        return ABSENT
    low, high = (number(value, unit, signed=signed) for value in bounds)
    return f"{low} to {high}"


def p_value(p: float | None) -> str:
    """Write a p-value with its sign, `= 0.031` or `< 0.001`, on one line; None is a dash."""
    if p is None:
        return ABSENT
    return f"<{JOINED}{SMALLEST_P}" if p < SMALLEST_P else f"={JOINED}{p:.3f}"


def plural(count: int, word: str, many: str = "") -> str:
    """Write a count with its noun."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"


def sequence(modality: str) -> str:
    """Return what a reader calls a modality: FLAIR for t2f; one without such a name is called as it is."""
    return MODALITY_TITLES.get(modality, modality)


def sequences(modalities: Iterable[str]) -> str:
    """Join modalities by their readers' names: `T1, T1c and FLAIR`."""
    return listed(map(sequence, modalities))


def listed(words: Iterable[str], last: str = "and") -> str:
    """Join words as a sentence does: `a`, `a and b`, `a, b and c`."""
    found = list(words)
    return f" {last} ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
