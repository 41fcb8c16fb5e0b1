"""From three dimensions to two: planes, air slices, and fitting a slice to a network's size.

A slice is the RAS+ volume with one axis removed: axial (C, X, Y), coronal (C, X, Z), sagittal (C, Y, Z).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.volume import Array

Plane = Literal["axial", "coronal", "sagittal"]
PLANES: dict[Plane, int] = {"axial": 2, "coronal": 1, "sagittal": 0}  # plane to the RAS+ axis it removes


def cut(volume: Array, plane: Plane) -> Array:
    """Cut (..., X, Y, Z) into slices (S, ..., H, W) of one plane, as a view."""
    return np.moveaxis(volume, PLANES[plane] - 3, 0)


def join(slices: Array, plane: Plane) -> Array:
    """Undo `cut`: slices (S, ..., H, W) back to (..., X, Y, Z), as a view."""
    return np.moveaxis(slices, 0, PLANES[plane] - 3)


def head_slices(head: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Return the indices of the slices (S, H, W) of a head mask that are not all air."""
    return np.flatnonzero(head.any(axis=(1, 2)))


@dataclass(frozen=True, slots=True)
class Fit:
    """How a slice comes into a network's canvas: resized to `scaled` where that is another size, then padded.

    Attributes:
        height: of the slice as stored.
        width: of the slice as stored.
        scaled: (h, w) that it is resized to; (height, width) where sizes are only padded.
        before: rows and columns of padding before it; it is centred.
        canvas: (H, W) of the whole.
    """

    height: int
    width: int
    scaled: tuple[int, int]
    before: tuple[int, int]
    canvas: tuple[int, int]

    @property
    def resizes(self) -> bool:
        """Tell whether pixels are resampled, and not only padded."""
        return self.scaled != (self.height, self.width)

    def place(self, image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Bring prepared channels (..., C, height, width) float32 into the canvas.

        Resizing is linear where it enlarges and averages areas where it shrinks. Nothing is between the head and
        the 0 around it: what is background in every channel stays 0.
        """
        return self.pad(self._resized(image) if self.resizes else image)

    def place_mask(self, mask: Array) -> Array:
        """Bring a mask (..., height, width) into the canvas; by nearest neighbour, so it gains no values."""
        return self.pad(self._nearest(mask) if self.resizes else mask)

    def pad(self, image: Array) -> Array:
        """Pad (..., *scaled) with zeros to (..., *canvas)."""
        out = np.zeros((*image.shape[:-2], *self.canvas), image.dtype)
        self.crop(out)[...] = image
        return out

    def crop(self, image: Array) -> Array:
        """Cut (..., *scaled) back out of (..., *canvas), as a view."""
        top, left = self.before
        height, width = self.scaled
        return image[..., top : top + height, left : left + width]

    def _resized(self, image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        import cv2

        height, width = self.scaled
        out = np.empty((*image.shape[:-2], height, width), np.float32)
        method = cv2.INTER_AREA if height < self.height or width < self.width else cv2.INTER_LINEAR
        for index in np.ndindex(image.shape[:-2]):
            cv2.resize(image[index], (width, height), dst=out[index], interpolation=method)
        out *= self._nearest(np.asarray(image.any(axis=-3)))[..., None, :, :]
        return out

    def _nearest(self, mask: Array) -> Array:
        rows, columns = (
            ((np.arange(new) + 0.5) * old / new).astype(np.intp)
            for new, old in zip(self.scaled, (self.height, self.width), strict=True)
        )
        chosen: Array = mask[..., rows[:, None], columns]
        return chosen


def fit_slice(shape: tuple[int, int], size: tuple[int, int] | int | None, stride: int) -> Fit:
    """Place a slice in a canvas that is a multiple of `stride`.

    Args:
        shape: (H, W) of the slice.
        size: (H, W): the least canvas. N: the slice is resized until its longer side is N, its aspect kept, and the
            canvas is at least N x N. None: the slice's own size.
        stride: of the network.

    Returns:
        The fit. Nothing is ever cut off: a slice larger than (H, W) gets a larger canvas.
    """
    scaled = shape
    if isinstance(size, int):
        longer = max(shape)
        scaled = (max(1, round(shape[0] * size / longer)), max(1, round(shape[1] * size / longer)))
    least = (size, size) if isinstance(size, int) else size or (0, 0)
    height, width = (max(stride, -(-max(a, b) // stride) * stride) for a, b in zip(scaled, least, strict=True))
    before = ((height - scaled[0]) // 2, (width - scaled[1]) // 2)
    return Fit(shape[0], shape[1], scaled, before, (height, width))
