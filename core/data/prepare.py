"""Turn stored voxels into what a network sees. The one function that training, validation and inference share.

Constants come from the unaugmented case, over voxels other than 0 inside the brain box, never from
the reference mask. Background (0) stays 0. A CT's window has no constants: its ends are the recipe's, and
0 HU is water, so what is background there is what lies at the window's low end or outside the box of the body.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from core.data.body import body_mask
from core.data.counting import counted
from core.volume import Array, Box, Volume, stored_to_values

Preparing = Literal["minmax", "minmax-joint", "minmax-robust", "zscore", "window"]
# those that follow from the voxels alone; `window` is told its ends
PREPARINGS: tuple[Preparing, ...] = ("minmax", "minmax-joint", "minmax-robust", "zscore")
Window = tuple[float, float]
CT = "ct"
ROBUST_PERCENTILES = (0.5, 99.5)


@dataclass(frozen=True, slots=True)
class ChannelConstants:
    """What one channel's intensities look like over voxels other than 0."""

    slope: float
    intercept: float
    minimum: float
    maximum: float
    low: float  # 0.5th percentile
    high: float  # 99.5th percentile
    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Constants:
    """Preparing constants of one case, by modality."""

    channels: dict[str, ChannelConstants]

    def to_json(self) -> dict[str, Any]:
        return {name: asdict(channel) for name, channel in self.channels.items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls({name: ChannelConstants(**channel) for name, channel in data.items()})


def head_mask(volume: Volume) -> npt.NDArray[np.bool_]:
    """Return where the patient is, (X, Y, Z) bool; the reference mask plays no part.

    That is where any channel's value is other than 0, or for a CT in Hounsfield units the body: see `body_mask`.
    """
    head = np.zeros(volume.shape, bool)
    for channel, name in enumerate(volume.modalities):
        body = None
        if name == CT:
            body = body_mask(volume.voxels[channel], volume.slope[channel], volume.intercept[channel])
        head |= _values_not_zero(volume, channel) if body is None else body
    return head


def measure_constants(volume: Volume, box: Box) -> Constants:
    """Measure a case's constants inside `box`. A channel that is 0 everywhere gets zeros and an sd of 1."""
    channels = {}
    for index, name in enumerate(volume.modalities):
        slope, intercept = volume.slope[index], volume.intercept[index]
        numbers = _statistics(box.crop(volume.voxels[index]), slope, intercept)
        channels[name] = ChannelConstants(slope, intercept, *(numbers or (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)))
    return Constants(channels)


def prepare(
    stored: Array,
    constants: Constants,
    modalities: tuple[str, ...],
    method: Preparing,
    window: Window | None = None,
) -> npt.NDArray[np.float32]:
    """Prepare stored voxels for a network.

    Args:
        stored: (C, ...) as stored, channels in the order of `modalities`; not changed.
        constants: the case's constants.
        modalities: the name of each channel.
        method: `minmax` scales each channel's range to 0-1, `minmax-joint` all channels' common range,
            `minmax-robust` the 0.5th to 99.5th percentile, clipped; `zscore` subtracts the mean and divides by the sd;
            `window` scales `window` to 0-1, clipped.
        window: lowest and highest value, in Hounsfield units for a CT; for `window` only.

    Returns:
        (C, ...) float32; 0 where the stored value is 0, of a window where it is at or below the low end.
    """
    if method == "window":
        assert window is not None
        return _windowed(stored, constants, modalities, window)
    out = np.empty(stored.shape, np.float32)
    for index, name in enumerate(modalities):
        channel = constants.channels[name]
        values = stored_to_values(stored[index], channel.slope, channel.intercept)
        background = values == 0
        shift, scale = _shift_and_scale(channel, [constants.channels[m] for m in modalities], method)
        values -= np.float32(shift)
        values *= np.float32(scale)
        if method == "minmax-robust":
            np.clip(values, 0.0, 1.0, out=values)
        values[background] = 0.0
        out[index] = values
    return out


def _windowed(
    stored: Array, constants: Constants, modalities: tuple[str, ...], window: Window
) -> npt.NDArray[np.float32]:
    low, high = window
    out = np.empty(stored.shape, np.float32)
    for index, name in enumerate(modalities):
        channel = constants.channels[name]
        values = stored_to_values(stored[index], channel.slope, channel.intercept)
        values -= np.float32(low)
        values *= np.float32(1.0 / (high - low))
        np.clip(values, 0.0, 1.0, out=out[index])
    return out


def _shift_and_scale(
    channel: ChannelConstants, every: list[ChannelConstants], method: Preparing
) -> tuple[float, float]:
    if method == "zscore":
        return channel.mean, 1.0 / channel.sd
    if method == "minmax-robust":
        low, high = channel.low, channel.high
    elif method == "minmax-joint":
        low, high = min(c.minimum for c in every), max(c.maximum for c in every)
    else:
        low, high = channel.minimum, channel.maximum
    return low, 1.0 / (high - low) if high > low else 1.0


def _statistics(stored: Array, slope: float, intercept: float) -> tuple[float, ...] | None:
    """Return minimum, maximum, both percentiles, mean and sd of the values other than 0; None where there are none."""
    counts = counted(stored)
    if counts is None:
        values = stored_to_values(stored, slope, intercept)
        inside = values[values != 0].astype(np.float64)
        if inside.size == 0:
            return None
        low, high = np.percentile(inside, ROBUST_PERCENTILES)
        numbers = (inside.min(), inside.max(), low, high, inside.mean(), inside.std() or 1.0)
        return tuple(map(float, numbers))
    found = counts.scaled(lambda values: stored_to_values(values, slope, intercept)).without_zero()
    if found.size == 0:
        return None
    return found.minimum, found.maximum, *found.percentiles(ROBUST_PERCENTILES), found.mean, found.sd or 1.0


def _values_not_zero(volume: Volume, channel: int) -> npt.NDArray[np.bool_]:
    if volume.slope[channel] == 1 and volume.intercept[channel] == 0:
        return np.asarray(volume.voxels[channel] != 0)
    return np.asarray(volume.values(channel) != 0)
