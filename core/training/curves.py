"""What a run has measured so far, as curves, and what they say in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

CLOSE_TO_BEST = 0.95


@dataclass(frozen=True, slots=True)
class ValidationPoint:
    """One validation.

    Attributes:
        step: finished optimiser steps.
        loss: mean validation loss.
        dice: mean Dice per region over whole patients, None where no patient's reference has the region.
    """

    step: int
    loss: float
    dice: dict[str, float | None]

    @property
    def score(self) -> float:
        """Mean Dice over regions: what "best" means."""
        measured = [value for value in self.dice.values() if value is not None]
        return sum(measured) / len(measured) if measured else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What a run has measured.

    Attributes:
        steps: (N,) int64, ascending.
        losses: (N,) float64, the training loss of each step.
        validations: in the order of their steps.
    """

    steps: npt.NDArray[np.int64]
    losses: Numbers
    validations: tuple[ValidationPoint, ...]

    @property
    def best(self) -> ValidationPoint | None:
        """The first validation with the highest mean Dice, or None before there is one."""
        return max(self.validations, key=lambda point: point.score, default=None)


class CurveReader:
    """Reads a growing metrics file, each line once; it starts again when a resumed run has cut the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._forget()

    def read(self) -> Curves:
        """Return everything measured up to now."""
        with self._lock:
            if self._path.exists():
                self._read_on()
            return Curves(np.array(self._steps, np.int64), np.array(self._losses), tuple(self._validations))

    def _forget(self) -> None:
        self._file: tuple[int, int] | None = None
        self._offset = 0
        self._steps: list[int] = []
        self._losses: list[float] = []
        self._validations: list[ValidationPoint] = []

    def _read_on(self) -> None:
        with self._path.open("rb") as stream:
            found = stream.seek(0, 2)
            identity = (self._path.stat().st_dev, self._path.stat().st_ino)
            if identity != self._file or found < self._offset:
                self._forget()
                self._file = identity
            stream.seek(self._offset)
            whole, newline, _ = stream.read().rpartition(b"\n")  # the last line may still be being written
        self._offset += len(whole) + len(newline)
        for line in whole.splitlines():
            self._add(json.loads(line))

    def _add(self, record: dict[str, Any]) -> None:
        if record["kind"] == "step":
            self._steps.append(record["step"])
            self._losses.append(record["loss"])
        elif record["kind"] == "validation":
            self._validations.append(ValidationPoint(record["step"], record["validation_loss"], record["dice"]))


def thinned(steps: npt.NDArray[np.int64], values: Numbers, total: int, most: int) -> tuple[Numbers, Numbers]:
    """Average a curve over stretches of equal length, so that what is drawn stays as it is while the curve grows.

    Args:
        steps: (N,) int64, ascending, from 1.
        values: (N,) float64.
        total: steps the run will have; it decides the stretches.
        most: how many points to return at most.

    Returns:
        Mean step and mean value of each stretch that has any, at most `most` of them.
    """
    if not steps.size:
        return np.zeros(0), np.zeros(0)
    width = -(-max(total, int(steps[-1])) // most)
    stretch = (steps - 1) // width
    _, starts, counts = np.unique(stretch, return_index=True, return_counts=True)
    return np.add.reduceat(steps, starts) / counts, np.add.reduceat(values, starts) / counts


def smoothed(values: Numbers, window: int) -> Numbers:
    """Return the mean of each value and those before it, at most `window` of them; same length."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - window)
    means: Numbers = (sums[ends] - sums[starts]) / (ends - starts)
    return means


def in_words(validations: Sequence[ValidationPoint]) -> str:
    """Say which validation was best and how early the run came close to it."""
    if not validations:
        return "No validation yet."
    best = max(validations, key=lambda point: point.score)
    said = f"Best so far: step {best.step:,} (mean Dice {best.score:.2f})."
    near = next(point for point in validations if point.score >= CLOSE_TO_BEST * best.score)
    if near.step < best.step:
        said += f" 95 % of it was reached at step {near.step:,}."
    after = sum(point.step > best.step for point in validations)
    if after >= 3:
        said += f" No better in the {after} validations since."
    if unseen := [region for region, value in validations[-1].dice.items() if value is None]:
        said += f" {' and '.join(unseen)} cannot be scored: no validation patient has any."
    return said
