"""The command line, run as a user runs it, with a stopwatch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any


class CommandFailedError(Exception):
    """A verb ended with another exit code than 0; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb answered.

    Attributes:
        document: its JSON, None where it prints something else.
        said: what it told the person at the keyboard.
        seconds: by the clock, start of the interpreter included.
        line: the command, files by their last names.
    """

    document: Any
    said: str
    seconds: float
    line: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`python -m core` in a workspace, one thread and low priority."""

    workspace: Path

    def ask(self, *words: str | Path, read: bool = True) -> Answer:
        """Run a verb and read its JSON.

        Args:
            words: the verb and its options.
            read: ask for JSON and parse it; `train` prints lines of its own.

        Raises:
            CommandFailedError: it ended with another exit code than 0.
        """
        command = [sys.executable, "-m", "core", *map(str, words), *(["--json"] if read else [])]
        setting = {"SEGSCOPE_WORKSPACE": str(self.workspace), "OMP_NUM_THREADS": "1"}
        start = perf_counter()
        run = subprocess.run(
            ["nice", "-n", "10", *command], capture_output=True, text=True, env={**os.environ, **setting}, check=False
        )
        seconds = perf_counter() - start
        if run.returncode:
            raise CommandFailedError(f"{shown(words)}: exit code {run.returncode}: {run.stderr.strip()[-2000:]}")
        return Answer(json.loads(run.stdout) if read else None, run.stderr, round(seconds, 1), shown(words))


def shown(words: tuple[str | Path, ...]) -> str:
    """Return a command as a page shows it: whole, but of absolute paths the last name alone."""
    parts = [Path(word).name if Path(word).is_absolute() else str(word) for word in words]
    return " ".join(["python -m core", *(f'"{part}"' if " " in part else part for part in parts)])
