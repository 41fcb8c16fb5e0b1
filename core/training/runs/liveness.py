"""Whether a process still lives. It is named by its number and by when it began, on a clock that nobody can set."""

from __future__ import annotations

import os
from pathlib import Path

Birth = str | float  # a float, seconds since the epoch, is what earlier versions wrote down


def process_identity() -> tuple[int, str]:
    """Return this process's pid and birth, which together name it for good."""
    return os.getpid(), birth(os.getpid())


def birth(pid: int) -> str:
    """Return what tells a process from every other that ever has its number; an empty text where there is none.

    On Linux that is the clock ticks between boot and its start, with the boot's id: both survive a clock that jumps,
    and no process survives a boot. Elsewhere it is its start in seconds since the epoch.
    """
    import psutil

    if found := _from_proc(pid):
        return found[0]
    try:
        return repr(psutil.Process(pid).create_time())
    except psutil.Error:
        return ""


def process_lives(pid: int, born: Birth) -> bool:
    """Tell whether the process is there, is the same one, and is no zombie."""
    import psutil

    if isinstance(born, str) and "@" in born:
        found = _from_proc(pid)
        return found is not None and found[0] == born and found[1] not in "ZX"
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - float(born)) < 1
    except (psutil.Error, ValueError):
        return False


def _from_proc(pid: int) -> tuple[str, str] | None:
    """Return birth and state of a process as Linux tells them."""
    try:
        # the program's name stands in brackets before them, and may hold spaces and brackets itself
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return f"{int(fields[19])}@{boot}", fields[0].decode()
