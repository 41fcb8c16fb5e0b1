"""Processor seconds of other processes, their threads and ended children included."""

from __future__ import annotations

import psutil


def busy_s(process: psutil.Process) -> float:
    """Return user and system seconds of a process so far, and of the children that it has waited for."""
    spent = process.cpu_times()
    return float(spent.user + spent.system + spent.children_user + spent.children_system)
