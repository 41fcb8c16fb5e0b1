"""What every file format answers: voxels as stored, where they are, and what is odd about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from core.data.refusal import Finding
from core.volume import Array, Grid

ContextValue = str | float | int


@dataclass(frozen=True, slots=True, eq=False)
class StoredImage:
    """One image of one or several channels, as its file or files store it.

    Attributes:
        stored: (C, I, J, K) in the file's dtype and axis order; a plain picture is (C, column, row, 1).
        slope: value per stored unit, one per channel; value = stored * slope + intercept.
        intercept: value of a stored zero, one per channel.
        grid: where the file says its voxels are; without geometry its affine is None.
        findings: what is odd but not refused; `case` and `file` are filled in by who knows them.
        context: acquisition facts that are safe to show (sequence, TE, field strength ...), never a name or id.
        uids: identifiers of the source that exports refer to; kept privately, never shown.
    """

    stored: Array
    slope: tuple[float, ...]
    intercept: tuple[float, ...]
    grid: Grid
    findings: tuple[Finding, ...] = ()
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    uids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        return int(self.stored.shape[0])

    def values(self, channel: int) -> Array:
        """Return one channel (I, J, K), as stored where slope is 1 and intercept 0, else scaled in float64."""
        stored: Array = self.stored[channel]
        slope, intercept = self.slope[channel], self.intercept[channel]
        if (slope, intercept) == (1.0, 0.0):
            return stored
        return np.asarray(stored * np.float64(slope) + intercept)


def plain_image(stored: Array, grid: Grid, findings: tuple[Finding, ...] = ()) -> StoredImage:
    """Return an image whose stored numbers (C, I, J, K) are its values."""
    ones, zeros = (1.0,) * stored.shape[0], (0.0,) * stored.shape[0]
    return StoredImage(stored, ones, zeros, grid, findings)


def one_channel(image: StoredImage, channel: int) -> StoredImage:
    """Return an image of one of its channels alone."""
    chosen = slice(channel, channel + 1)
    return replace(image, stored=image.stored[chosen], slope=image.slope[chosen], intercept=image.intercept[chosen])
