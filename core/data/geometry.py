"""How slices are moved: flips, quarter turns, rotation, zoom, shift, elastic bending and crops, drawn as numbers.

Nothing is resampled here; `core.data.augment` does that, once, however many of these are combined.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from core.arguments import Arguments
from core.data.slicing import Plane

Matrix = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

# of the distance between control points: a cubic B-spline moved by less cannot fold over itself in two dimensions
# Reference: Choi and Lee, Injectivity conditions of 2D and 3D uniform cubic B-spline functions, Graph. Models 62, 2000
UNFOLDED = 0.48


class GeometrySettings(Arguments):
    """How far slices may be moved; the defaults leave them where they are."""

    flip_lr: float = Field(default=0.0, ge=0, le=1, description="Share of slices whose left and right are swapped.")
    flip_ud: float = Field(
        default=0.0, ge=0, le=1, description="Share of slices whose up and down (axial: front and back) are swapped."
    )
    quarter_turns: float = Field(
        default=0.0, ge=0, le=1, description="Share of slices that are turned by 90, 180 or 270 degrees."
    )
    affine_probability: float = Field(
        default=0.0, ge=0, le=1, description="Share of slices that are rotated, zoomed and shifted."
    )
    rotate_degrees: float = Field(default=0.0, ge=0, le=180, description="Rotation: ± this many degrees.")
    zoom: tuple[float, float] = Field(default=(1.0, 1.0), description="Smallest and largest magnification.")
    shift: float = Field(default=0.0, ge=0, le=0.5, description="Shift: ± this share of height and of width.")
    elastic_probability: float = Field(default=0.0, ge=0, le=1, description="Share of slices that are bent.")
    elastic: float = Field(
        default=0.0, ge=0, le=0.2, description="Bending: control points move by ± this share of the longer side."
    )
    elastic_points: int = Field(
        default=5, ge=2, le=32, description="Control points along the longer side; fewer bend more gently."
    )
    crop_probability: float = Field(
        default=0.0, ge=0, le=1, description="Share of slices of which a crop is magnified to the full size."
    )
    crop: float = Field(
        default=1.0, ge=0.2, le=1, description="Crop: the smallest share of height and width that is kept."
    )

    @model_validator(mode="after")
    def _zoom_in_order(self) -> Self:
        if not 0.1 <= self.zoom[0] <= self.zoom[1] <= 10:
            raise ValueError("expected zoom between 0.1 and 10, the smaller first")
        return self

    @model_validator(mode="after")
    def _without_folds(self) -> Self:
        most = UNFOLDED / self.elastic_points
        if self.elastic > most:
            raise ValueError(
                f"elastic {self.elastic} folds the slice with {self.elastic_points} control points: "
                f"at most {most:.3f}, or fewer points"
            )
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """What becomes of one slice, in this order.

    Attributes:
        flip_lr: swap along the first axis.
        flip_ud: swap along the second axis.
        turns: quarter turns, 0-3.
        matrix: (3, 3) float64 from old (column, row, 1) to new, in pixels, or None.
        bend: (2, H, W) float32, how far each new pixel's (column, row) is displaced before `matrix` is undone, or
            None.
    """

    flip_lr: bool = False
    flip_ud: bool = False
    turns: int = 0
    matrix: Matrix | None = None
    bend: npt.NDArray[np.float32] | None = None


def draw_movement(
    shape: tuple[int, ...], settings: GeometrySettings, plane: Plane, rng: np.random.Generator
) -> Movement:
    """Draw what becomes of one slice (H, W).

    A sagittal slice has no left and right to swap. What is switched off draws nothing, so that a new kind of movement
    leaves the others' draws as they were.
    """
    # left and right lie along the first axis of a slice: (X, Y) or (X, Z)
    flip_lr = rng.random() < settings.flip_lr and plane != "sagittal"
    moved = rng.random() < settings.affine_probability
    drawn = draw_affine(shape, settings, rng)
    matrix = drawn if moved else None
    flip_ud = _happens(settings.flip_ud, rng)
    turns = int(rng.integers(1, 4)) if _happens(settings.quarter_turns, rng) else 0
    bend = draw_bend(shape, settings, rng) if _happens(settings.elastic_probability, rng) else None
    if _happens(settings.crop_probability, rng):
        crop = draw_crop(shape, settings.crop, rng)
        matrix = crop if matrix is None else crop @ matrix
    return Movement(flip_lr, flip_ud, turns, matrix, bend)


def draw_affine(shape: tuple[int, ...], settings: GeometrySettings, rng: np.random.Generator) -> Matrix:
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


def draw_crop(shape: tuple[int, ...], smallest: float, rng: np.random.Generator) -> Matrix:
    """Draw a crop of a share between `smallest` and 1 of (H, W), anywhere in it, magnified to the full size.

    Returns:
        (3, 3) float64, from old (column, row, 1) to new (column, row, 1) in pixels.
    """
    height, width = shape
    share = rng.uniform(smallest, 1)
    left, top = rng.uniform(0, 1 - share, 2) * (width, height)
    matrix = np.diag([1 / share, 1 / share, 1.0])
    # a pixel's own centre is half a pixel from its edge
    matrix[:2, 2] = ((0.5 - left) / share - 0.5, (0.5 - top) / share - 0.5)
    return matrix


def draw_bend(shape: tuple[int, ...], settings: GeometrySettings, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draw a smooth displacement of each pixel of (H, W): a cubic B-spline through random control points.

    Returns:
        (2, H, W) float32, displacement along columns and along rows in pixels.

    Reference:
        Rueckert et al., Nonrigid registration using free-form deformations, IEEE TMI 18(8), 1999.
    """
    longer = max(shape)
    spacing = longer / settings.elastic_points
    rows, columns = (_spline_weights(size, spacing) for size in shape)
    points = rng.uniform(-1, 1, (2, rows.shape[1], columns.shape[1])) * (settings.elastic * longer)
    return np.asarray(rows @ points @ columns.T, np.float32)


def turn(image: Array, turns: int) -> Array:
    """Turn (..., H, W) by quarters about its centre; what does not fit is cut off, what is missing is 0."""
    height, width = image.shape[-2:]
    turned = np.rot90(image, turns, axes=(-2, -1))
    if turned.shape == image.shape:
        return turned
    out = np.zeros_like(image, order="C")
    (into_rows, from_rows), (into_columns, from_columns) = (
        _overlap(new, old) for new, old in zip((height, width), turned.shape[-2:], strict=True)
    )
    out[..., into_rows, into_columns] = turned[..., from_rows, from_columns]
    return out


def _happens(probability: float, rng: np.random.Generator) -> bool:
    return probability > 0 and rng.random() < probability


def _overlap(new: int, old: int) -> tuple[slice, slice]:
    """Return where a row of `old` pixels goes in one of `new`, centre on centre, and which part of it."""
    shared = min(new, old)
    into, out_of = (new - shared) // 2, (old - shared) // 2
    return slice(into, into + shared), slice(out_of, out_of + shared)


def _spline_weights(size: int, spacing: float) -> npt.NDArray[np.float64]:
    """Return (size, n): the weight of each of n control points, `spacing` pixels apart, at each pixel."""
    place = (np.arange(size) + 0.5) / spacing
    first = np.floor(place).astype(np.intp)
    t = place - first
    weights = np.zeros((size, int(first[-1]) + 4))
    for offset, weight in enumerate(
        ((1 - t) ** 3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6, t**3 / 6)
    ):
        weights[np.arange(size), first + offset] = weight
    return weights
