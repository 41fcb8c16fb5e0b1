"""Short ways for a reader to say what is wrong with a file, or odd about it; who called it knows case and file."""

from __future__ import annotations

from core.data.refusal import Finding, InputRefusedError


def refusal(code: str, found: str, expected: str, fix: str) -> InputRefusedError:
    """Return the error that refuses a file."""
    return InputRefusedError(Finding("error", code, "", "", found, expected, fix))


def warning(code: str, found: str, expected: str, fix: str) -> Finding:
    """Return a warning about a file that can be used."""
    return Finding("warning", code, "", "", found, expected, fix)


def note(code: str, found: str, expected: str, fix: str) -> Finding:
    """Return a note about a file that can be used."""
    return Finding("note", code, "", "", found, expected, fix)
