"""Work on every core: in order, with the same answers, and the first error ends it."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.evaluation.workers import WAITING, cores, in_order, workers_for
from core.volume import Grid
from core.workspace import Cohort, CohortCase

# functions of the standard library: another process can import them, whatever tests are called there


def test_results_come_in_order_however_long_each_takes() -> None:
    delays = [0.3, 0.0, 0.1, 0.0, 0.0]
    assert list(in_order(time.sleep, delays, 2)) == [None] * 5
    assert list(in_order(abs, [-3, 2, -1, 0], 2)) == list(in_order(abs, [-3, 2, -1, 0], 1)) == [3, 2, 1, 0]


def test_work_is_taken_a_few_pieces_ahead_and_done_elsewhere() -> None:
    taken = 0

    def pieces() -> Iterator[str]:
        nonlocal taken
        for taken in range(1, 101):  # noqa: B007
            yield "__import__('os').getpid()"

    results = in_order(eval, pieces(), 2)
    first = next(results)
    assert taken <= 2 * WAITING + 2, "not all hundred masks at once"
    processes = [first, *results]
    assert len(processes) == 100
    assert os.getpid() not in processes


def test_an_error_comes_back_and_ends_the_work() -> None:
    for workers in (1, 2):
        with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
            list(in_order(math.sqrt, [4.0, -1.0, 9.0], workers))


def test_little_work_starts_no_process_and_much_takes_every_core(small: Cohort) -> None:
    assert workers_for(small, small.cases, 3) == 1, "six small cases"
    large = {
        case: CohortCase(entry.case, {**entry.facts, "grid": Grid((240, 240, 155)).to_json()})
        for case, entry in small.cases.items()
    }
    brats = replace(small, cases=large)
    assert workers_for(brats, large, 3) == min(cores(), 18)
    assert workers_for(brats, list(large)[:1], 1) == 1
