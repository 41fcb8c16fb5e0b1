"""Which checkpoints of a run are its last and its best: two small files that name folders.

A folder cannot be replaced in one step and a pointer can: a checkpoint is written whole under its own name first, then
pointed to, and what nothing points to is deleted last. A run killed anywhere in between has all that it points to.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from core.atomic import read_json, write_json

Pointer = Literal["last", "best"]


def pointed(run: Path, name: Pointer) -> Path | None:
    """Return the checkpoint folder that a run's `last.json` or `best.json` names, or None."""
    found = _read(run, name)
    return run / str(found["folder"]) if found else None


def point(run: Path, name: Pointer, step: int) -> None:
    """Name the checkpoint of `step` as the last or the best; what was measured up to it is safe on disk before that."""
    if name == "last":
        _sync(run / "metrics.jsonl")
    now = _read(run, name)
    write_json(run / f"{name}.json", {"folder": f"step-{step}", "step": step, "before": now["step"] if now else None})


def prune(run: Path, resume_files: Iterable[str]) -> None:
    """Delete checkpoints that are neither last nor best, and the resume state of those that are not last."""
    last, best = pointed(run, "last"), pointed(run, "best")
    for folder in run.glob("step-*"):
        if folder not in (last, best):
            shutil.rmtree(folder)
        elif folder != last:
            for name in resume_files:
                (folder / name).unlink(missing_ok=True)


def rewind(run: Path) -> None:
    """Forget a best that is newer than the last checkpoint, and checkpoints that nothing points to.

    The process was killed between the two pointers: that best comes again when the run comes there again.
    """
    last, best = _read(run, "last"), _read(run, "best")
    if best and best["step"] > (last["step"] if last else 0):
        before = best.get("before")
        if before is not None and (run / f"step-{before}").is_dir():
            point(run, "best", before)
        else:
            (run / "best.json").unlink()
    prune(run, ())


def _read(run: Path, name: Pointer) -> dict[str, Any] | None:
    path = run / f"{name}.json"
    return read_json(path) if path.exists() else None


def _sync(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError), path.open("rb") as stream:
        os.fsync(stream.fileno())
