"""What a measurement was taken on: processor, cores, versions; no host or user name."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def describe_machine(packages: Sequence[str]) -> dict[str, str | int]:
    """Describe processor and software.

    Args:
        packages: distributions whose versions bear on the measurement.
    """
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def machine_line(machine: dict[str, str | int]) -> str:
    """Write the description as one sentence part for a table's caption."""
    software = ", ".join(f"{name} {value}" for name, value in machine.items() if name not in {"processor", "cores"})
    return f"{machine['processor']}, {machine['cores']} cores; {software}"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or platform.machine()
    lines = (line.partition(":") for line in cpuinfo.read_text().splitlines())
    found = {key.strip(): value.strip() for key, _, value in lines}
    return found.get("model name", platform.machine())
