"""Channels as their files store them, into one array (C, X, Y, Z) in the narrowest type that holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core.volume import Array

COPYING_THREADS = 2
INTEGERS = (np.dtype(np.int16), np.dtype(np.int32))


def stack_channels(channels: Sequence[Array]) -> Array:
    """Copy channels into one array.

    Files store the first axis fastest and memory the last, so a plain copy waits for memory at every voxel; here
    the two axes are exchanged one plane at a time, which fits into a processor's cache.

    Args:
        channels: (X, Y, Z) each, of one shape, in any real types and memory orders.

    Returns:
        (C, X, Y, Z) in C order: int16 or int32 when every value is such an integer, else float32.
    """
    shape = (len(channels), *channels[0].shape)
    with ThreadPoolExecutor(COPYING_THREADS) as pool:
        for dtype in INTEGERS:
            stacked = np.empty(shape, dtype)
            if all(pool.map(_copy_exactly, stacked, channels)):
                return stacked
        stacked = np.empty(shape, np.float32)
        list(pool.map(copy_planes, stacked, channels))
    return stacked


def copy_planes(out: Array, source: Array) -> None:
    """Copy (A, B, C) into an array of the same shape and another memory order, plane by plane."""
    with np.errstate(over="ignore"):
        for plane, values in zip(*_planes(out, source), strict=True):
            plane[...] = values


def _copy_exactly(out: Array, channel: Array) -> bool:
    """Copy (X, Y, Z) integers, or stop at the first plane that holds something else."""
    if np.can_cast(channel.dtype, out.dtype):
        copy_planes(out, channel)
        return True
    into, out_of = _planes(out, channel)
    with np.errstate(invalid="ignore"):  # what is no integer becomes some other number, and is found out
        for plane, source in zip(into, out_of, strict=True):
            whole = source.astype(out.dtype)  # in the source's own order, which compares fastest
            if not (whole == source).all():
                return False
            plane[...] = whole
    return True


def _planes(out: Array, channel: Array) -> tuple[Array, Array]:
    """Turn an axis that is fastest in neither array to the front."""
    fastest = {int(np.argmin(np.abs(array.strides))) for array in (out, channel)}
    slow = next(axis for axis in (1, 0, 2) if axis not in fastest)
    return np.moveaxis(out, slow, 0), np.moveaxis(channel, slow, 0)
