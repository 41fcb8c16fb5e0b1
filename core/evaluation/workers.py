"""Cases scored on every core, in the order in which they were asked for.

Processes, not threads: labelling components and much of what surrounds the searches holds the interpreter's lock.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from core.workspace import Cohort

T = TypeVar("T")
R = TypeVar("R")

WAITING = 2  # pieces per process that wait or are worked on: enough to keep it busy, few enough for the memory
# below it starting a process, which imports numpy and scipy, costs more than it brings: eight cases of BraTS
WORTH_PROCESSES_VOXELS = 64 * 1024**2


def workers_for(cohort: Cohort, cases: Iterable[str], models: int) -> int:
    """Return how many processes score these cases: one per core and piece, or 1, none besides this one."""
    named = list(cases)
    voxels = sum(_voxels(cohort, case_id) for case_id in named) * models
    return min(cores(), len(named) * models) if voxels >= WORTH_PROCESSES_VOXELS else 1


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[T], R], pieces: Iterable[T], workers: int) -> Iterator[R]:
    """Do pieces of work in other processes while the next ones are made, and yield the results in order.

    Args:
        work: a function of a module, which another process can import.
        pieces: taken one at a time, a few ahead of what is done.
        workers: how many processes; 1 works in this one.

    Raises:
        Exception: whatever `work` raises; what waits is then not begun.
    """
    if workers <= 1:
        yield from map(work, pieces)
        return
    # spawn: a fork of a process that holds threads may hang
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    waiting: deque[Future[R]] = deque()
    try:
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            while len(waiting) > WAITING * workers or (waiting and waiting[0].done()):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _voxels(cohort: Cohort, case_id: str) -> int:
    x, y, z = cohort.cases[case_id].grid.shape
    return x * y * z
