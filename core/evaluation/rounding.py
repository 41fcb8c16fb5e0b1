"""How many digits of a number are shown, by its unit."""

from __future__ import annotations

from collections.abc import Sequence

DECIMALS = {"": 3, "mm": 1, "voxels": 1, "ml": 1, "%": 1}
_MISSING = "-"


def in_digits(value: float | None, unit: str, *, signed: bool = False) -> str:
    """Return a number with the digits that its unit deserves; `-` for None."""
    if value is None:
        return _MISSING
    text = f"{value:{'+' if signed else ''}.{DECIMALS.get(unit, 3)}f}"
    return text if float(text) else text.replace("-", "+" if signed else "")  # never minus nothing


def interval_in_digits(interval: Sequence[float] | None, unit: str, *, signed: bool = False) -> str:
    """Return `[low, high]`; `-` for None."""
    if interval is None:
        return _MISSING
    low, high = (in_digits(value, unit, signed=signed) for value in interval)
    return f"[{low}, {high}]"
