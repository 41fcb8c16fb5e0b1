"""The most memory that this process has held."""

from __future__ import annotations

import resource
import sys

MIB = 1024**2


def peak_memory_mb() -> int:
    """Return the largest resident size of this process so far, in MiB."""
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    in_bytes = largest if sys.platform == "darwin" else largest * 1024
    return round(in_bytes / MIB)
