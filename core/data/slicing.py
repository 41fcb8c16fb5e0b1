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
    """Where a slice of H × W lies in a canvas of at least its size: `before` pixels of padding, centred."""

    height: int
    width: int
    before: tuple[int, int]
    canvas: tuple[int, int]

    def pad(self, image: Array) -> Array:
        """Pad (..., H, W) with zeros to (..., *canvas)."""
        out = np.zeros((*image.shape[:-2], *self.canvas), image.dtype)
        self.crop(out)[...] = image
        return out

    def crop(self, image: Array) -> Array:
        """Cut (..., H, W) back out of (..., *canvas), as a view."""
        top, left = self.before
        return image[..., top : top + self.height, left : left + self.width]


def fit_slice(shape: tuple[int, int], size: tuple[int, int] | int | None, stride: int) -> Fit:
    """Place a slice in the smallest canvas that holds it and `size` and is a multiple of `stride`.

    Nothing is ever cut off: a slice larger than `size` gets a larger canvas.
    """
    least = (size, size) if isinstance(size, int) else size or (0, 0)
    height, width = (max(stride, -(-max(a, b) // stride) * stride) for a, b in zip(shape, least, strict=True))
    before = ((height - shape[0]) // 2, (width - shape[1]) // 2)
    return Fit(shape[0], shape[1], before, (height, width))
