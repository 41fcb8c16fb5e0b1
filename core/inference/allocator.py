"""Let the C library keep the memory that one layer of a network frees for the next layer.

By its own rule glibc hands blocks of some megabytes back to the system as soon as they are free, and each layer's
output is paid for again, page by page: about a fifth of the processor's time of a U-Net on slices of 160 × 192.
"""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of mallopt, in glibc's malloc.h
KEPT_BYTES = 256 * 1024**2  # free at the end of the heap, before any of it goes back
LARGEST_KEPT_BYTES = 32 * 1024**2  # what is larger always comes from the system and goes back: glibc allows no more


def keep_freed_memory() -> bool:
    """Ask glibc to keep some freed memory, for the whole process; asked again it changes nothing.

    Returns:
        Whether there was a glibc to ask.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES)) and bool(mallopt(M_TRIM_THRESHOLD, KEPT_BYTES))
