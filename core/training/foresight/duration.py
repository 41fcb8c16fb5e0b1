"""Durations and sizes as people say them."""

from __future__ import annotations


def span(seconds: float) -> str:
    """Say a duration in its natural unit."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def size(count: float) -> str:
    """Say a number of bytes in its natural decimal unit."""
    if count < 1e9:
        return f"{max(1, round(count / 1e6))} MB"
    return f"{count / 1e9:.1f} GB" if count < 1e11 else f"{round(count / 1e9)} GB"
