"""What a run has measured so far, read as it grows, and thinned for drawing."""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
PerRegion = dict[str, float | None]

# one value a step: by the name in the metrics file, and by region where it has regions
PLAIN = ("loss", "lr", "accuracy")
BY_REGION = ("dice", "iou")


def _none() -> Numbers:
    return np.zeros(0)


@dataclass(frozen=True, slots=True)
class ValidationPoint:
    """One validation. What an older run did not measure is None, or an empty dict.

    Attributes:
        step: finished optimiser steps.
        loss: mean validation loss.
        dice: mean Dice per region over whole patients, None where no patient's reference has the region.
        iou: likewise.
        accuracy: share of pixels that are right.
        training_loss: mean training loss since the validation before.
        training: `dice`, `iou` and `accuracy` of the training batches since the validation before.
        slices_per_s: how fast training was.
    """

    step: int
    loss: float
    dice: PerRegion
    iou: PerRegion = field(default_factory=dict)
    accuracy: float | None = None
    training_loss: float | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    slices_per_s: float | None = None

    @property
    def score(self) -> float:
        """Mean Dice over regions: what "best" means unless the loss is monitored."""
        return mean_over_regions(self.dice) or 0.0

    @property
    def training_score(self) -> float | None:
        """Mean Dice over regions of the training batches, or None where it was not measured."""
        return mean_over_regions(self.training.get("dice") or {})


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened to a run: `oom`, `nan`, `rolled-back`, `stopped-early`, `disk-full`."""

    step: int
    what: str
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What a run has measured.

    Attributes:
        steps: (N,) int64, ascending.
        losses: (N,) float64, the training loss of each step.
        validations: in the order of their steps.
        rates: (N,) float64, the learning rate of each step, NaN where it is not known.
        accuracies: (N,) float64, share of right pixels in each training batch, NaN where it is not known.
        dice: region to (N,) float64 of the training batches, NaN where there is none.
        iou: likewise.
        notes: in the order of their steps.
    """

    steps: npt.NDArray[np.int64]
    losses: Numbers
    validations: tuple[ValidationPoint, ...]
    rates: Numbers = field(default_factory=_none)
    accuracies: Numbers = field(default_factory=_none)
    dice: dict[str, Numbers] = field(default_factory=dict)
    iou: dict[str, Numbers] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

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
            values = {name: np.array(column) for name, column in self._columns.items()}
            by_region = {
                kind: {key.partition(" ")[2]: values[key] for key in values if key.startswith(f"{kind} ")}
                for kind in BY_REGION
            }
            return Curves(
                np.array(self._steps, np.int64),
                values["loss"],
                tuple(self._validations),
                values["lr"],
                values["accuracy"],
                by_region["dice"],
                by_region["iou"],
                tuple(self._notes),
            )

    def _forget(self) -> None:
        self._file: tuple[int, int] | None = None
        self._offset = 0
        self._steps = array("q")
        self._columns = {name: array("d") for name in PLAIN}
        self._validations: list[ValidationPoint] = []
        self._notes: list[Note] = []

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
            self._add_step(record)
        elif record["kind"] == "validation":
            self._validations.append(_validation(record))
        elif record["kind"] == "note":
            self._notes.append(Note(record["step"], str(record.get("what", "")), str(record.get("sentence", ""))))

    def _add_step(self, record: dict[str, Any]) -> None:
        values = {name: record.get(name) for name in PLAIN}
        for kind in BY_REGION:
            values |= {f"{kind} {region}": value for region, value in (record.get(kind) or {}).items()}
        before = len(self._steps)
        for name in values.keys() - self._columns.keys():  # a region that older lines do not know
            self._columns[name] = array("d", [np.nan] * before)
        for name, column in self._columns.items():
            value = values.get(name)
            column.append(np.nan if value is None else value)
        self._steps.append(record["step"])


def _validation(record: dict[str, Any]) -> ValidationPoint:
    return ValidationPoint(
        step=record["step"],
        loss=record["validation_loss"],
        dice=record["dice"],
        iou=record.get("iou") or {},
        accuracy=record.get("accuracy"),
        training_loss=record.get("loss"),
        training=record.get("training") or {},
        slices_per_s=record.get("slices_per_s"),
    )


def mean_over_regions(values: Mapping[str, float | None]) -> float | None:
    """Return the mean of the regions that could be scored, or None where none could."""
    measured = [value for value in values.values() if value is not None]
    return sum(measured) / len(measured) if measured else None


def thinned(steps: npt.NDArray[np.int64], values: Numbers, total: int, most: int) -> tuple[Numbers, Numbers]:
    """Average a curve over stretches of equal length, so that what is drawn stays as it is while the curve grows.

    Args:
        steps: (N,) int64, ascending, from 1.
        values: (N,) float64; NaN counts for nothing.
        total: steps the run will have; it decides the stretches.
        most: how many points to return at most.

    Returns:
        Mean step and mean value of each stretch that has any, at most `most` of them.
    """
    known = ~np.isnan(values)
    steps, values = steps[known], values[known]
    if not steps.size:
        return np.zeros(0), np.zeros(0)
    width = -(-max(total, int(steps[-1])) // most)
    stretch = (steps - 1) // width
    _, starts, counts = np.unique(stretch, return_index=True, return_counts=True)
    return np.add.reduceat(steps, starts) / counts, np.add.reduceat(values, starts) / counts


def smoothed(values: Numbers, window: int) -> Numbers:
    """Return the mean of each value and those before it, at most `window` of them; same length. NaN counts for nothing.

    Where nothing has been measured yet the mean is NaN.
    """
    known = ~np.isnan(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - window)
    count = counts[ends] - counts[starts]
    means: Numbers = np.where(count > 0, (sums[ends] - sums[starts]) / np.maximum(count, 1), np.nan)
    return means
