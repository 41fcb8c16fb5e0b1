"""From stored numbers to values: rescaling, inverted greys and padding.

Reference: DICOM PS3.3, C.11.1 (modality LUT), C.7.6.3.1.2 (photometric interpretation), C.7.5.1.1.2 (pixel padding).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.data.formats.dicom.frames import Frame
from core.data.formats.dicom.pixels import shape_of
from core.data.formats.findings import note
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.refusal import Finding
from core.volume import Array

Scaling = tuple[float, float]


def fill_padding(planes: Array, frame: Frame, findings: list[Finding]) -> None:
    """Give pixels that say they are no measurement the lowest value that is one, in place.

    A padding of 0 is background already. Of stored numbers (N, rows, columns).
    """
    said = frame.header.elements
    first = said.number("PixelPaddingValue")
    if first is None or first == 0:
        return
    last = said.number("PixelPaddingRangeLimit")
    low, high = sorted((_as_stored(first, frame), _as_stored(first if last is None else last, frame)))
    padded = planes == low if low == high else (planes >= low) & (planes <= high)
    if not (share := float(padded.mean())) or share == 1:
        return
    limits = np.iinfo(planes.dtype)
    lowest = planes.min(where=~padded, initial=limits.max)
    if lowest < low and high < planes.max(where=~padded, initial=limits.min):
        return  # lossy compression has blurred the padding: it is no value of its own any more
    planes[padded] = lowest
    fix = "they were set to the lowest value of the others"
    findings.append(note("padding", f"{share:.1%} of the pixels marked as padding", "measured values", fix))


def _as_stored(number: float, frame: Frame) -> int:
    """Return a padding value as a pixel would be read: writers mix up signed and unsigned."""
    shape = shape_of(frame.header)
    bits = int(number) & ((1 << shape.stored) - 1)
    return bits - (1 << shape.stored) if shape.signed and bits >> (shape.stored - 1) else bits


def turn_inverted(planes: Array, frame: Frame, findings: list[Finding]) -> None:
    """Turn greys round, in place, where 0 is white: the lowest number becomes the highest of its bits."""
    if frame.header.elements.text("PhotometricInterpretation") != "MONOCHROME1":
        return
    shape = shape_of(frame.header)
    ends = -1 if shape.signed else (1 << shape.stored) - 1  # lowest plus highest number
    np.subtract(planes.dtype.type(ends), planes, out=planes)
    found, fix = "greys in which low values are bright (MONOCHROME1)", "they were turned round"
    findings.append(note("inverted", found, "high values bright", fix))


def scale(
    stacks: Array, frames: Sequence[Sequence[Frame]], findings: list[Finding]
) -> tuple[Array, tuple[float, ...], tuple[float, ...]]:
    """Return what is stored, and a slope and intercept for each channel.

    Args:
        stacks: stored numbers (C, N, rows, columns).
        frames: the planes of each channel.
        findings: where it is noted that planes of one channel differ: then values are returned, as float32.
    """
    scalings = [[_scaling(frame) for frame in channel] for channel in frames]
    if all(len(set(channel)) == 1 for channel in scalings):
        slopes, intercepts = zip(*(channel[0] for channel in scalings), strict=True)
        return stacks, tuple(slopes), tuple(intercepts)
    values = np.empty(stacks.shape, np.float32)
    for channel, of_channel in enumerate(scalings):
        for plane, (slope, intercept) in enumerate(of_channel):
            values[channel, plane] = stacks[channel, plane] * slope + intercept
    different = len({scaling for channel in scalings for scaling in channel})
    found, fix = f"{different} ways of scaling among the slices", "values are kept as real numbers"
    findings.append(note("scaled_by_slice", found, "one slope and intercept", fix))
    return values, (1.0,) * len(scalings), (0.0,) * len(scalings)


def _scaling(frame: Frame) -> Scaling:
    if frame.slope == 0:
        raise DamagedFileError("a rescale slope of 0, which makes all values one; expected another number")
    return frame.slope, frame.intercept
