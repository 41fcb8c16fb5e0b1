"""What one layer frees, the next one gets without asking the system: counted in pages, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.inference.allocator import keep_freed_memory
from core.workspace import PROJECT

MIB, ROUNDS, PAGE = 1024**2, 20, 4096
PROGRAM = f"""
import ctypes, resource, sys
from core.inference.allocator import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({ROUNDS}):
    layers = [libc.malloc(24 * {MIB}) for _ in range(3)]
    for layer in layers:
        ctypes.memset(layer, 1, 24 * {MIB})
    for layer in layers:
        libc.free(layer)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(how: str) -> int:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return int(ended.stdout)


def test_freed_memory_is_used_again() -> None:
    if not keep_freed_memory():
        pytest.skip("another C library than glibc")
    once = 3 * 24 * MIB // PAGE
    assert pages("kept") < 2 * once
    assert pages("as it is") > ROUNDS / 2 * once, "else there is nothing to be gained"
