"""Why the queue of studies stands still, and how long to wait before another try.

A disk that takes nothing makes every worker stumble. One that runs waits, longer each time, and goes on by itself; one
that ended before it took a study is not started again at once. Both can be said to whoever waits.
"""

from __future__ import annotations

import contextlib
import errno
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.atomic import read_json, write_json
from core.training.runs.disk import UNWRITABLE, is_full
from core.workspace import Workspace

FIRST_S, LONGEST_S = 5.0, 60.0
PROBE_BYTES = 65_536  # what a few small files take
LOOK_EVERY_S = 3.0
STARTS_AT_ONCE = 2  # a worker that was killed is missed at once, one that cannot begin is not
FULL = "the disk of the workspace is full; make room, and it goes on by itself within a minute"
SHUT = "the workspace cannot be written; allow it, and it goes on by itself within a minute"
CANNOT_BEGIN = "the process that segments ended {} times before it began; the server's log in workers says why"

_looked: dict[Path, tuple[float, str]] = {}


@dataclass(slots=True)
class Pauses:
    """How long to wait before the next try.

    Attributes:
        failures: tries in a row that came to nothing.
    """

    failures: int = 0

    def next_s(self) -> float:
        """Count one failure and return how long to wait after it."""
        self.failures += 1
        return pause_s(self.failures)


def pause_s(failures: int) -> float:
    """Return how long to wait after so many tries in a row that came to nothing."""
    return min(LONGEST_S, FIRST_S * 2.0 ** min(failures - 1, 10))


def is_unwritable(error: BaseException) -> bool:
    """Tell whether an error means that nothing can be written, whatever is tried next."""
    return is_full(error) or (isinstance(error, OSError) and error.errno in (*UNWRITABLE, errno.EIO))


def why_unwritable(workspace: Workspace) -> str:
    """Say why nothing can be written into a workspace now; empty where it can."""
    probe = workspace.root / f".room.{secrets.token_hex(4)}.tmp"
    try:
        with probe.open("wb") as stream:
            stream.write(bytes(PROBE_BYTES))
    except OSError as error:
        return FULL if is_full(error) else SHUT
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return ""


def why_it_stands_still(workspace: Workspace, device: str) -> str:
    """Say why what waits for a device does not go on; empty where nothing hinders it. Many may ask, often."""
    at, said = _looked.get(workspace.root, (-LOOK_EVERY_S, ""))
    if time.monotonic() - at >= LOOK_EVERY_S:
        said = why_unwritable(workspace)
        _looked[workspace.root] = (time.monotonic(), said)
    if said:
        return said
    starts = int(_said(worker_file(workspace, device)).get("starts", 0))
    return CANNOT_BEGIN.format(starts - 1) if starts > STARTS_AT_ONCE else ""


def worker_file(workspace: Workspace, device: str) -> Path:
    """Return what says which process is a device's worker: `{"pid", "born", "starts", "started"}`."""
    return workspace.root / "workers" / f"{device.replace(':', '-')}.json"


def may_start(path: Path) -> bool:
    """Tell whether a worker may be started: those before it took a study, or one waited long enough since."""
    said = _said(path)
    starts = int(said.get("starts", 0))
    since_s = time.time() - float(said.get("started", 0.0))
    return starts < STARTS_AT_ONCE or not 0 <= since_s < pause_s(starts - STARTS_AT_ONCE + 1)


def count_start(path: Path) -> dict[str, Any]:
    """Write down that a worker is about to be started, before it is: a disk that takes nothing starts none.

    Returns:
        What its file says besides its process.
    """
    counted = {"starts": int(_said(path).get("starts", 0)) + 1, "started": time.time()}
    write_json(path, {"pid": 0, "born": ""} | counted)
    return counted


def starts_so_far(path: Path) -> dict[str, Any]:
    """Return what a worker's file says besides its process."""
    return {name: value for name, value in _said(path).items() if name in ("starts", "started")}


def took_a_study(path: Path) -> None:
    """Write down that a worker began with a study: it can."""
    said = _said(path)
    if said.pop("starts", 0):
        write_json(path, said)


def _said(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = read_json(path)
    except (FileNotFoundError, ValueError):
        return {}
    return found
