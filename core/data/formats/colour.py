"""Grey or colour: three channels that say the same become one, real colour stays three, nothing is blended."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.data.formats.picture_file import Picture
from core.data.refusal import Finding
from core.volume import Array

JPEG_TOLERANCE = 2  # JPEG stores luminance and colour apart and rounds both: grey comes back off by one or two
LITTLE_COLOUR = 0.01  # share of pixels below which colour is more likely drawn onto a grey picture
GREEN = 1  # the channel in which JPEG's rounding is least


def channel_spread(pixels: Array) -> Array:
    """Return by how much the three channels of each pixel of (row, column, 3) differ, as int32 (row, column)."""
    wide = pixels.astype(np.int32)
    spread: Array = wide.max(axis=2) - wide.min(axis=2)
    return spread


def coloured(picture: Picture) -> npt.NDArray[np.bool_]:
    """Return where a picture's channels really differ, (row, column); nowhere for a grey file."""
    if picture.pixels.ndim == 2:
        return np.zeros(picture.pixels.shape, np.bool_)
    tolerance = JPEG_TOLERANCE if picture.lossy else 0
    return np.asarray(channel_spread(picture.pixels) > tolerance)


def as_channels(picture: Picture, colour: bool) -> Array:
    """Return a picture's channels, (3, row, column) or (1, row, column).

    Args:
        picture: grey or colour.
        colour: whether to keep three channels; False takes a picture whose channels agree as one.
    """
    if picture.pixels.ndim == 2:
        return np.repeat(picture.pixels[np.newaxis], 3 if colour else 1, axis=0)
    channels: Array = np.moveaxis(picture.pixels, 2, 0)
    return channels if colour else channels[GREEN : GREEN + 1]


def colour_findings(colour_share: float, stored_as_colour: bool) -> tuple[Finding, ...]:
    """Say what became of the channels.

    Args:
        colour_share: pixels whose channels differ / all pixels.
        stored_as_colour: whether the files hold three channels.
    """
    if not stored_as_colour:
        return ()
    if colour_share == 0:
        found, expected = "three equal channels, read as one", "grey pictures stored as grey"
        return (Finding("note", "grey_as_colour", "", "", found, expected, "nothing to do"),)
    if colour_share < LITTLE_COLOUR:
        found = f"colour in {colour_share:.2%} of the pixels of an otherwise grey picture"
        fix = "look for text or lines that were drawn onto it, and export it without"
        return (Finding("warning", "little_colour", "", "", found, "a grey picture, or colour all over", fix),)
    return ()
