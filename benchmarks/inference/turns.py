"""Contestants in turn, ours and the peers each in a warm process of their own.

Ours asks the C library to keep freed memory, for the whole process, and a peer beside it would profit by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from benchmarks.inference.contestants import Job, Run, contestants, job_of
from core.checkpoints import read_checkpoint

OURS = ("segscope", "segscope_exact", "bare_forward", "bare_forward_fp32")
PEERS = ("plain_loop", "monai_windows", "monai_whole_slices")
ORDER = (*OURS[:2], *PEERS, *OURS[2:])
WARMED = {"segscope", "bare_forward"}  # a loop over 155 slices is warm after the first

_runs: dict[str, Run] = {}
_jobs: list[Job] = []


def in_turn(folder: Path, checkpoint: Path, out: Path, repeats: int, left_out: Sequence[str]) -> dict[str, Any]:
    """Run every contestant `repeats` times in turn; those that take little run once before, so that all is warm.

    Args:
        folder: of the case.
        checkpoint: the folder of the network that all of them call.
        out: a folder for what they write.
        repeats: how often.
        left_out: names of contestants that do not run.

    Returns:
        Seconds on the clock and of the processor by contestant, and those of our steps in the last run.
    """
    order = [name for name in ORDER if name not in left_out]
    seconds: dict[str, list[float]] = {name: [] for name in order}
    busy: dict[str, list[float]] = {name: [] for name in order}
    with ExitStack() as stack:
        places = {}
        for group in (OURS, PEERS):
            pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, (folder, checkpoint, out, group))
            places |= dict.fromkeys(group, stack.enter_context(pool))
        for name in order:
            if name in WARMED:
                places[name].submit(_timed, name).result()
        for _ in range(repeats):
            for name in order:
                clock, processor = places[name].submit(_timed, name).result()
                seconds[name].append(clock)
                busy[name].append(processor)
        steps = places["segscope"].submit(_steps).result()
    return {
        "median_s": {name: round(median(times), 3) for name, times in seconds.items()},
        "fastest_s": {name: round(min(times), 3) for name, times in seconds.items()},
        "median_cpu_s": {name: round(median(times), 3) for name, times in busy.items()},
        "our_steps_s": steps,
    }


def _begin(folder: Path, checkpoint: Path, out: Path, group: Sequence[str]) -> None:
    job = job_of(folder, read_checkpoint(checkpoint), out)
    _jobs.append(job)
    makers = contestants(job)
    _runs.update({name: makers[name]() for name in group})


def _timed(name: str) -> tuple[float, float]:
    begun, worked = perf_counter(), process_time()
    _runs[name]()
    return perf_counter() - begun, process_time() - worked


def _steps() -> dict[str, float]:
    return dict(_jobs[0].seconds)
