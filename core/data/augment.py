"""Vary a prepared slice and its mask together, as a function of one given integer.

Geometry is albumentations' (imported late, and only here): its functional layer, with parameters
drawn by us, because its classes keep generators of their own that differ between loader workers.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from core.arguments import ArgumentError, parse_arguments
from core.data.intensity import IntensitySettings, vary_intensity
from core.data.slicing import Plane

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]


class AugmentSettings(IntensitySettings):
    """How far geometry and intensities may stray; the defaults change nothing."""

    flip_lr: float = Field(default=0.0, ge=0, le=1, description="Share of slices whose left and right are swapped.")
    affine_probability: float = Field(
        default=0.0, ge=0, le=1, description="Share of slices that are rotated, zoomed and shifted."
    )
    rotate_degrees: float = Field(default=0.0, ge=0, le=180, description="Rotation: ± this many degrees.")
    zoom: tuple[float, float] = Field(default=(1.0, 1.0), description="Smallest and largest magnification.")
    shift: float = Field(default=0.0, ge=0, le=0.5, description="Shift: ± this share of height and of width.")

    @model_validator(mode="after")
    def _zoom_in_order(self) -> Self:
        if not 0.1 <= self.zoom[0] <= self.zoom[1] <= 10:
            raise ValueError("expected zoom between 0.1 and 10, the smaller first")
        return self


PRESETS: dict[str, AugmentSettings] = {
    "none": AugmentSettings(),
    "light": AugmentSettings(
        flip_lr=0.5, affine_probability=0.5, rotate_degrees=10, zoom=(0.95, 1.05), shift=0.02,
        intensity_probability=0.5, gain=0.1, offset=0.1,
    ),
    "standard": AugmentSettings(
        flip_lr=0.5, affine_probability=0.8, rotate_degrees=15, zoom=(0.85, 1.18), shift=0.05,
        intensity_probability=0.7, gain=0.2, offset=0.2, gamma=1.3, noise_probability=0.15, noise=0.15,
    ),
}  # fmt: skip


def augment_settings(preset: str, changes: Mapping[str, Any] | None = None) -> AugmentSettings:
    """Return a preset's settings, some of them changed.

    Raises:
        ArgumentError: an unknown preset or setting (the message lists the known ones), or one out of range.
    """
    if preset not in PRESETS:
        raise ArgumentError(f"no augmentation is called {preset!r}; known: {', '.join(PRESETS)}")
    return parse_arguments(AugmentSettings, "augment", {**dict(PRESETS[preset]), **(changes or {})})


@dataclass(frozen=True, slots=True)
class Augmenter:
    """Vary slices of one plane; keeps no state, so any process gives the same answer for the same seed.

    Attributes:
        settings: how far.
        plane: how the slices were cut. A sagittal slice has no left and right to swap.
    """

    settings: AugmentSettings
    plane: Plane = "axial"

    def __call__(self, image: Image, mask: Mask, rng_seed: int) -> tuple[Image, Mask]:
        """Return a varied copy of a slice and its mask, still aligned.

        Args:
            image: (C, H, W) float32, prepared, background 0; not changed.
            mask: (H, W) uint8 region bits; not changed.
            rng_seed: at least 0; all that the variation depends on besides the settings.

        Returns:
            Image and mask of the same shapes and dtypes. What comes in from outside is 0 in both.
            The mask is resampled by nearest neighbour: it holds no values that it did not hold before.
        """
        if self.settings == PRESETS["none"]:
            return image, mask
        rng = np.random.default_rng(rng_seed)
        image, mask = self._geometry(image, mask, rng)
        vary_intensity(image, self.settings, rng)
        return image, mask

    def _geometry(self, image: Image, mask: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
        flipped = rng.random() < self.settings.flip_lr and self.plane != "sagittal"
        warped = rng.random() < self.settings.affine_probability
        matrix = draw_affine(mask.shape, self.settings, rng)
        if flipped:
            # left and right lie along the first axis of a slice: (X, Y) or (X, Z)
            image, mask = image[:, ::-1], mask[::-1]
        if warped:
            return warp(image, mask, matrix)
        return image.copy(), mask.copy()


def draw_affine(shape: tuple[int, ...], settings: AugmentSettings, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw a rotation and zoom about the centre of (H, W), then a shift.

    Returns:
        (3, 3) float64, from old (column, row, 1) to new (column, row, 1) in pixels.
    """
    height, width = shape
    angle = math.radians(rng.uniform(-settings.rotate_degrees, settings.rotate_degrees))
    smallest, largest = settings.zoom
    # even in the logarithm: as often half as large as twice as large
    zoom = math.exp(rng.uniform(math.log(smallest), math.log(largest)))
    shift = rng.uniform(-settings.shift, settings.shift, 2) * (width, height)
    turn = zoom * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.eye(3)
    matrix[:2, :2] = turn
    matrix[:2, 2] = centre - turn @ centre + shift
    return matrix


def warp(image: Image, mask: Mask, matrix: npt.NDArray[np.float64]) -> tuple[Image, Mask]:
    """Resample a slice linearly and its mask by nearest neighbour through one affine map.

    Args:
        image: (C, H, W) float32.
        mask: (H, W) uint8.
        matrix: (3, 3), from old (column, row, 1) to new (column, row, 1).

    Returns:
        Image and mask of the same shapes, contiguous; 0 outside what was the head.
    """
    cv2, geometric = _libraries()

    def moved(pixels: npt.NDArray[Any], interpolation: int) -> npt.NDArray[Any]:
        source = np.ascontiguousarray(pixels)
        result: npt.NDArray[Any] = geometric.warp_affine(
            source, matrix, interpolation, 0, cv2.BORDER_CONSTANT, mask.shape
        )
        return result

    warped = np.ascontiguousarray(moved(image.transpose(1, 2, 0), cv2.INTER_LINEAR).transpose(2, 0, 1))
    # between a voxel and the 0 around the head there is nothing: cut the blend of the two off
    warped *= moved(np.asarray(image.any(axis=0), np.uint8), cv2.INTER_NEAREST)
    return warped, moved(mask, cv2.INTER_NEAREST)


@cache
def _libraries() -> tuple[Any, Any]:
    # it looks for updates when it is imported
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import cv2
    from albumentations.augmentations.geometric import functional

    # a slice is too small to share out, and the other cores are training
    cv2.setNumThreads(1)
    return cv2, functional
