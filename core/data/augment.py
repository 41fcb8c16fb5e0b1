"""Vary a prepared slice and its mask together, as a function of one given integer.

Geometry is albumentations' (imported late, and only here): its functional layer, with parameters
drawn by us, because its classes keep generators of their own that differ between loader workers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from core.arguments import ArgumentError, parse_arguments
from core.data.geometry import GeometrySettings, Matrix, Movement, draw_movement, turn
from core.data.intensity import IntensitySettings, vary_intensity
from core.data.slicing import Plane

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]


class AugmentSettings(IntensitySettings, GeometrySettings):
    """How far geometry and intensities may stray; the defaults change nothing."""


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
    "strong": AugmentSettings(
        flip_lr=0.5, flip_ud=0.5, quarter_turns=0.3,
        affine_probability=0.9, rotate_degrees=30, zoom=(0.7, 1.4), shift=0.1,
        elastic_probability=0.3, elastic=0.04, elastic_points=5, crop_probability=0.3, crop=0.7,
        intensity_probability=0.8, gain=0.3, offset=0.3, gamma=1.5, noise_probability=0.2, noise=0.2,
        blur_probability=0.2, blur=1.0, bias_probability=0.3, bias_field=0.3,
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

    def __call__(self, image: Image, mask: Mask, rng_seed: int, slices: int = 1) -> tuple[Image, Mask]:
        """Return a varied copy of a slice and its mask, still aligned.

        Args:
            image: (C, H, W) float32, prepared, background 0; not changed.
            mask: (H, W) uint8 region bits; not changed.
            rng_seed: at least 0; all that the variation depends on besides the settings.
            slices: how many slices the channels come from, each with all modalities; they move together, and a
                modality's intensities vary alike on all of them.

        Returns:
            Image and mask of the same shapes and dtypes. What comes in from outside is 0 in both.
            The mask is resampled by nearest neighbour: it holds no values that it did not hold before.
        """
        if self.settings == PRESETS["none"]:
            return image, mask
        rng = np.random.default_rng(rng_seed)
        image, mask = move(image, mask, draw_movement(mask.shape, self.settings, self.plane, rng))
        vary_intensity(image, self.settings, rng, slices)
        return image, mask


def move(image: Image, mask: Mask, movement: Movement) -> tuple[Image, Mask]:
    """Move a slice (C, H, W) and its mask (H, W), resampled once at most.

    Returns:
        New arrays of the same shapes, contiguous.
    """
    if movement.flip_lr:
        image, mask = image[:, ::-1], mask[::-1]
    if movement.flip_ud:
        image, mask = image[:, :, ::-1], mask[:, ::-1]
    if movement.turns:
        image, mask = turn(image, movement.turns), turn(mask, movement.turns)
    if movement.matrix is not None or movement.bend is not None:
        return warp(image, mask, movement.matrix, movement.bend)
    return image.copy(), mask.copy()


def warp(
    image: Image, mask: Mask, matrix: Matrix | None = None, bend: npt.NDArray[np.float32] | None = None
) -> tuple[Image, Mask]:
    """Resample a slice linearly and its mask by nearest neighbour through one map.

    Args:
        image: (C, H, W) float32.
        mask: (H, W) uint8.
        matrix: (3, 3), from old (column, row, 1) to new (column, row, 1), or None.
        bend: (2, H, W) float32, displacement of each new pixel's column and row before `matrix` is undone, or None.

    Returns:
        Image and mask of the same shapes, contiguous; 0 outside what was the head.
    """
    cv2, geometric = _libraries()
    places = None if bend is None else _places(matrix, bend)

    def moved(pixels: npt.NDArray[Any], interpolation: int) -> npt.NDArray[Any]:
        source = np.ascontiguousarray(pixels)
        if places is not None:
            return np.asarray(geometric.remap(source, *places, interpolation, cv2.BORDER_CONSTANT, 0))
        return np.asarray(geometric.warp_affine(source, matrix, interpolation, 0, cv2.BORDER_CONSTANT, mask.shape))

    warped = np.ascontiguousarray(moved(image.transpose(1, 2, 0), cv2.INTER_LINEAR).transpose(2, 0, 1))
    # between a voxel and the 0 around the head there is nothing: cut the blend of the two off
    warped *= moved(np.asarray(image.any(axis=0), np.uint8), cv2.INTER_NEAREST)
    return warped, moved(mask, cv2.INTER_NEAREST)


def _places(matrix: Matrix | None, bend: npt.NDArray[np.float32]) -> tuple[Image, Image]:
    """Return for each new pixel the old column and the old row, (H, W) float32 each."""
    rows, columns = np.indices(bend.shape[1:], dtype=np.float32)
    across, down = columns + bend[0], rows + bend[1]
    if matrix is None:
        return across, down
    back = np.linalg.inv(matrix).astype(np.float32)
    return (
        back[0, 0] * across + back[0, 1] * down + back[0, 2],
        back[1, 0] * across + back[1, 1] * down + back[1, 2],
    )


@cache
def _libraries() -> tuple[Any, Any]:
    # it looks for updates when it is imported
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import cv2
    from albumentations.augmentations.geometric import functional

    # a slice is too small to share out, and the other cores are training
    cv2.setNumThreads(1)
    return cv2, functional
