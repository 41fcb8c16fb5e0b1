"""Turn stored voxels into what a network sees. The one function that training, validation and inference share.

Constants come from the unaugmented case, over voxels other than 0 inside the brain box, never from
the reference mask. Background (0) stays 0.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from core.volume import Array, Box, Volume, stored_to_values

Preparing = Literal["minmax", "minmax-joint", "minmax-robust", "zscore", "window"]
PREPARINGS: tuple[Preparing, ...] = ("minmax", "minmax-joint", "minmax-robust", "zscore")
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
    """Return where any channel's value is other than 0, (X, Y, Z) bool; the reference mask plays no part."""
    head = np.zeros(volume.shape, bool)
    for channel in range(len(volume.modalities)):
        head |= _values_not_zero(volume, channel)
    return head


def measure_constants(volume: Volume, box: Box) -> Constants:
    """Measure a case's constants inside `box`. A channel that is 0 everywhere gets zeros and an sd of 1."""
    channels = {}
    for index, name in enumerate(volume.modalities):
        slope, intercept = volume.slope[index], volume.intercept[index]
        values = stored_to_values(box.crop(volume.voxels[index]), slope, intercept)
        inside = values[values != 0].astype(np.float64)
        if inside.size == 0:
            channels[name] = ChannelConstants(slope, intercept, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
            continue
        low, high = np.percentile(inside, ROBUST_PERCENTILES)
        channels[name] = ChannelConstants(
            slope=slope,
            intercept=intercept,
            minimum=float(inside.min()),
            maximum=float(inside.max()),
            low=float(low),
            high=float(high),
            mean=float(inside.mean()),
            sd=float(inside.std()) or 1.0,
        )
    return Constants(channels)


def prepare(
    stored: Array, constants: Constants, modalities: tuple[str, ...], method: Preparing
) -> npt.NDArray[np.float32]:
    """Prepare stored voxels for a network.

    Args:
        stored: (C, ...) as stored, channels in the order of `modalities`; not changed.
        constants: the case's constants.
        modalities: the name of each channel.
        method: `minmax` scales each channel's range to 0-1, `minmax-joint` all channels' common range,
            `minmax-robust` the 0.5th to 99.5th percentile, clipped; `zscore` subtracts the mean and divides by the sd.

    Returns:
        (C, ...) float32; 0 where the stored value is 0.
    """
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


def _values_not_zero(volume: Volume, channel: int) -> npt.NDArray[np.bool_]:
    if volume.slope[channel] == 1 and volume.intercept[channel] == 0:
        return np.asarray(volume.voxels[channel] != 0)
    return np.asarray(volume.values(channel) != 0)
