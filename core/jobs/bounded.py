"""Bounds on a process that reads what strangers made, and sentences for the ways in which it may die of them."""

from __future__ import annotations

import os
import resource
import signal

NICENESS = 5  # the page and a training come first


def bound_this_process(memory_bytes: int, cpu_s: int) -> None:
    """Limit this process and those that it starts: each one's address space and processor time, and no core dumps."""
    for kind, wanted in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(kind, (most, hard))
        except (ValueError, OSError):  # macOS knows the limit on address space and does not take it
            continue
    os.nice(NICENESS)


def cause_of_death(code: int) -> str:
    """Say in a sentence how a process ended that left no word of its own.

    Args:
        code: as `subprocess` returns it; a signal is negative.
    """
    if code == -signal.SIGXCPU:
        return "it used more processor time than an import may; bring the data in smaller parts"
    if code in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGFPE, -signal.SIGILL):
        return "a file made its reader crash; check the files, or bring them in smaller parts to find which"
    if code == -signal.SIGKILL:
        return "it was killed, most likely because the machine ran out of memory; bring the data in smaller parts"
    return f"it ended without a word (exit code {code}); start it again"
