"""Statistics of voxels from how often each value occurs: exact, and without copies of the voxels.

Scanners store integers, so a volume of millions of voxels has some thousand values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.volume import Array

WIDEST = 1 << 20  # between the lowest and the highest integer: one count each
SHEETS = 16  # counted at a time


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Values with how often each occurs.

    Attributes:
        values: (n,), ascending: as stored, or scaled and float64.
        counts: (n,) int64, each at least 1.
    """

    values: Array
    counts: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        return int(self.counts.sum())

    @property
    def minimum(self) -> float:
        return float(self.values[0])

    @property
    def maximum(self) -> float:
        return float(self.values[-1])

    @property
    def mean(self) -> float:
        return float(self.values @ self.counts / self.size)

    @property
    def sd(self) -> float:
        """Root of the mean squared distance from the mean."""
        return float(np.sqrt((self.values - self.mean) ** 2 @ self.counts / self.size))

    def scaled(self, scale: Callable[[Array], Array]) -> Counted:
        """Return the same counts of other values; a scale may be falling, and may make one value of two."""
        values = scale(self.values).astype(np.float64)
        order = np.argsort(values, kind="stable")
        return Counted(values[order], self.counts[order])

    def without_zero(self) -> Counted:
        """Leave out the value 0."""
        kept = self.values != 0
        return Counted(self.values[kept], self.counts[kept])

    def percentiles(self, percents: Sequence[float]) -> list[float]:
        """Return percentiles, linear between neighbours in order: numpy's own answer for the values written out.

        Reference: Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996),
        their type 7.
        """
        ends = np.cumsum(self.counts)
        found = []
        for percent in percents:
            place = (self.size - 1) * (percent / 100)
            below = int(place)
            lower, upper = (
                self.values[np.searchsorted(ends, min(rank, self.size - 1), side="right")]
                for rank in (below, below + 1)
            )
            share = place - below
            # from the nearer end, as numpy does, so that rounding is the same
            near = lower + (upper - lower) * share if share < 0.5 else upper - (upper - lower) * (1 - share)
            found.append(float(near))
        return found


def counted(stored: Array) -> Counted | None:
    """Return the distinct integers of an array (X, ...), ascending, and how often each occurs.

    None for reals, for integers too far apart to be counted, and for an empty array.
    """
    if stored.dtype.kind not in "iu" or not stored.size:
        return None
    low, high = int(stored.min()), int(stored.max())
    if high - low >= WIDEST:
        return None
    counts = np.zeros(high - low + 1, np.int64)
    for start in range(0, len(stored), SHEETS):
        sheet = stored[start : start + SHEETS].astype(np.intp) - low
        counts += np.bincount(sheet.ravel(), minlength=len(counts))
    there = np.flatnonzero(counts)
    return Counted((there + low).astype(stored.dtype), counts[there])
