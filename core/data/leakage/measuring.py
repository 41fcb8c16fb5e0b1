"""Measure a stored case's constants of preparing again, from its voxels alone, and compare them with those kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.data.prepare import ROBUST_PERCENTILES, Constants
from core.data.store import SlicedCase
from core.volume import Array, stored_to_values

# modality to minimum, maximum, low, high, mean and sd
Measures = Mapping[str, Mapping[str, float]]

MOST_LEVELS = 1 << 17  # stored integers that lie closer together are counted by level
TOLERANCE = 1e-3  # of the distance between the robust ends: sums in another order differ by far less


def measure_stored(case: SlicedCase) -> dict[str, dict[str, float]]:
    """Measure every channel of a stored case over its voxels other than 0.

    Outside the stored slices everything is air, so that this is what preparing measures over the head's box.
    """
    found = {}
    for channel, name in enumerate(case.modalities):
        kept = case.constants.channels[name]
        found[name] = measure(np.asarray(case.slices[:, channel]), kept.slope, kept.intercept)
    return found


def measure(stored: Array, slope: float, intercept: float) -> dict[str, float]:
    """Measure the values other than 0 among stored voxels of any shape.

    Returns:
        `minimum`, `maximum`, `low` and `high` (0.5th and 99.5th percentile), `mean` and `sd`; zeros and an sd of 1
        where every value is 0, as preparing has it.
    """
    levels, counts = _levels(stored)
    values = stored_to_values(levels, slope, intercept).astype(np.float64)
    order = np.argsort(values, kind="stable")
    order = order[(values[order] != 0) & (counts[order] > 0)]
    values, counts = values[order], counts[order]
    if values.size == 0:
        return {"minimum": 0.0, "maximum": 0.0, "low": 0.0, "high": 0.0, "mean": 0.0, "sd": 1.0}
    total = counts.sum()
    mean = float(counts @ values / total)
    low, high = (_percentile(values, np.cumsum(counts), percent) for percent in ROBUST_PERCENTILES)
    sd = float(np.sqrt(counts @ (values - mean) ** 2 / total)) or 1.0
    return {
        "minimum": float(values[0]),
        "maximum": float(values[-1]),
        "low": low,
        "high": high,
        "mean": mean,
        "sd": sd,
    }


def same_constants(kept: Constants, measured: Measures) -> bool:
    """Tell whether constants are those that were measured, to a thousandth of the channel's robust range."""
    for name, channel in kept.channels.items():
        found = measured.get(name)
        if found is None:
            return False
        room = TOLERANCE * max(found["high"] - found["low"], 1e-6)
        if any(abs(getattr(channel, field) - value) > room for field, value in found.items()):
            return False
    return True


def _levels(stored: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """Return the different stored values and how many voxels have each."""
    flat = stored.reshape(-1)
    if flat.size and np.issubdtype(flat.dtype, np.integer):
        lowest, highest = int(flat.min()), int(flat.max())
        if highest - lowest < MOST_LEVELS:
            counts = np.bincount(flat.astype(np.int64) - lowest)
            return np.arange(lowest, lowest + counts.size), counts
    levels, counts = np.unique(flat, return_counts=True)
    return levels, counts


def _percentile(values: npt.NDArray[np.float64], up_to: npt.NDArray[np.int64], percent: float) -> float:
    """Return a percentile of counted values, between neighbours in proportion, as numpy's default has it."""
    place = percent / 100 * (int(up_to[-1]) - 1)
    below = int(np.floor(place))
    first, second = (
        values[np.searchsorted(up_to, index, side="right")] for index in (below, min(below + 1, int(up_to[-1]) - 1))
    )
    return float(first + (second - first) * (place - below))
