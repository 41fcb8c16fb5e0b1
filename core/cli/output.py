"""What the command line prints: documents on stdout, progress and sentences on stderr."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from core.errors import JobFailedError, RefusedError

BAR = 24
TENTHS = 10


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(document, indent=1, allow_nan=False))


def progress(label: str, done: int, total: int) -> None:
    """Draw a progress bar on stderr: one line that moves on a terminal, a line per tenth elsewhere."""
    if sys.stderr.isatty():
        share = done / total if total else 1.0
        bar = "█" * int(share * BAR) + "░" * (BAR - int(share * BAR))
        end = "\n" if done >= total else ""
        print(f"\r\033[K{bar} {done}/{total} {label}", end=end, file=sys.stderr, flush=True)
    elif total <= TENTHS or done * TENTHS // total != (done - 1) * TENTHS // total:
        print(f"{done}/{total} {label}", file=sys.stderr, flush=True)


def report_failure(error: Exception, as_json: bool) -> int:
    """Say in a sentence what went wrong and return the exit code.

    An error that nobody foresaw is a defect of this program: its place is named, and its traceback is
    shown only when SEGSCOPE_DEBUG is set.
    """
    sentence = str(error) or type(error).__name__
    if isinstance(error, (RefusedError, JobFailedError)):
        code = error.exit_code
    elif isinstance(error, ModuleNotFoundError):  # requirements-light.txt has not everything
        code = JobFailedError.exit_code
        sentence = f"{error.name} is not installed, and this needs it: install requirements.txt"
    else:
        code = JobFailedError.exit_code
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        sentence = f"unexpected {type(error).__name__} at {place}: {sentence} (SEGSCOPE_DEBUG=1 shows the traceback)"
    if os.environ.get("SEGSCOPE_DEBUG"):
        traceback.print_exception(error)
    if as_json:
        print(json.dumps({"error": sentence, "exit": code}))  # one line: it may follow the events of a training
    print(f"error: {sentence}", file=sys.stderr)
    return code
