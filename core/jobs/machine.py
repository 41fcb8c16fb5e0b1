"""What this machine has to train on, and how much of it a process uses: read without loading torch."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

SMI_PATIENCE_S = 5.0
SMI_KEPT_S = 2.0  # asked once for all pages that look
MIB = 1 << 20
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Device:
    """One device to train on.

    Attributes:
        name: as `train --device` takes it.
        title: what a page calls it.
        memory_bytes: all of its memory; None where nobody can tell.
        free_bytes: of it, now.
    """

    name: str
    title: str
    memory_bytes: int | None
    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class Use:
    """What a process and its children use.

    Attributes:
        cpu_share: of one core, so that two busy cores are 2.0; None at the first look.
        memory_bytes: resident.
        gpu_share: how busy its card is, 0-1, or None without one.
        gpu_bytes: memory it holds on the card, or None.
    """

    cpu_share: float | None
    memory_bytes: int
    gpu_share: float | None = None
    gpu_bytes: int | None = None


def devices() -> list[Device]:
    """Return the devices of this machine, the one that `auto` takes first; what torch finds decides at the start."""
    found = [
        Device(f"cuda:{index}", title, total * MIB, free * MIB) for index, title, total, free, _, _ in _cards(_smi())
    ]
    total, free = memory()
    if sys.platform == "darwin" and platform.machine() == "arm64":
        found.append(Device("mps", "Apple GPU", total, free))
    cores = cpu_cores()
    return [*found, Device("cpu", f"CPU, {cores} core{'s' if cores != 1 else ''}", total, free)]


def device_named(name: str) -> Device:
    """Return a device; `auto` and `cuda` are the first that fits, and an unknown one is the processor."""
    here = devices()
    return next((each for each in here if name == "auto" or each.name.startswith(name)), here[-1])


def cpu_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> tuple[int, int]:
    """Return the machine's memory and what is free of it, in bytes; a container's limit counts."""
    import psutil

    found = psutil.virtual_memory()
    total, free = found.total, found.available
    limit, used = _number(CGROUP / "memory.max"), _number(CGROUP / "memory.current")
    if limit is not None and limit < total:
        total, free = limit, max(0, min(free, limit - (used or 0) + _file_cache()))
    return total, free


def _file_cache() -> int:
    """Return what a container's limit counts and the system gives back when it is needed."""
    try:
        lines = (CGROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("inactive_file ")), 0)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # "max" is no limit
        return None


class UseMeter:
    """Watches one process; the share of a core is that since the last look."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before: tuple[float, float] | None = None
        self._lock = Lock()

    def look(self) -> Use | None:
        """Return what the process uses, or None when it is gone."""
        import psutil

        try:
            family = [psutil.Process(self._pid)]
            family += family[0].children(recursive=True)
        except psutil.Error:
            return None
        cpu_s, resident, pids = 0.0, 0, set()
        for process in family:
            try:
                times = process.cpu_times()
                resident += process.memory_info().rss
            except psutil.Error:  # a loader worker that has just ended
                continue
            cpu_s += times.user + times.system
            pids.add(process.pid)
        with self._lock:
            now, before = time.monotonic(), self._before
            self._before = (now, cpu_s)
        share = None if before is None or now - before[0] < 0.1 else max(0.0, (cpu_s - before[1]) / (now - before[0]))
        busy, held = _on_cards(pids)
        return Use(share, resident, busy, held)


def _on_cards(pids: set[int]) -> tuple[float | None, int | None]:
    """Return how busy the card of these processes is, and what they hold on it."""
    text = _smi()
    mine = [(uuid, mib) for pid, uuid, mib in _holders(text) if pid in pids]
    if not mine:
        return None, None
    busy = [share for _, _, _, _, uuid, share in _cards(text) if uuid == mine[0][0]]
    return (busy[0] if busy else None), sum(mib for _, mib in mine) * MIB


_kept: tuple[float, tuple[str, str]] = (-SMI_KEPT_S, ("", ""))


def _smi() -> tuple[str, str]:
    """Return what nvidia-smi says of cards and of processes; empty texts where there is none or it does not answer."""
    global _kept  # noqa: PLW0603
    if time.monotonic() - _kept[0] > SMI_KEPT_S:
        cards = _ask("--query-gpu=index,name,memory.total,memory.free,uuid,utilization.gpu")
        holders = _ask("--query-compute-apps=pid,gpu_uuid,used_memory") if cards else ""
        _kept = (time.monotonic(), (cards, holders))
    return _kept[1]


def _ask(query: str) -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    command = [program, query, "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=SMI_PATIENCE_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout


def _cards(said: tuple[str, str]) -> list[tuple[int, str, int, int, str, float]]:
    """Parse index, name, total and free MiB, uuid and busy share of each card; a line that does not fit is left out."""
    cards = []
    for line in said[0].splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        try:
            index, name, total, free, uuid, busy = cells
            share = float(busy) / 100 if busy.isdigit() else 0.0
            cards.append((int(index), name, int(total), int(free), uuid, share))
        except ValueError:
            continue
    return cards


def _holders(said: tuple[str, str]) -> list[tuple[int, str, int]]:
    """Parse pid, card and MiB of each process that computes on a card."""
    found = []
    for line in said[1].splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        try:
            pid, uuid, mib = cells
            found.append((int(pid), uuid, int(mib)))
        except ValueError:
            continue
    return found
