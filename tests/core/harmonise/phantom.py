"""A made-up head whose anatomy is known at every point, so that a series of it can be taken from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.formats.grid import grid_from_affine
from core.data.image import StoredImage, plain_image
from core.volume import Grid

Array = npt.NDArray[Any]

# centre and half axes in mm, RAS+; later parts lie over earlier ones. Nothing is symmetric, so there is one best fit.
PARTS: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "skin": ((0, 0, 0), (76, 94, 62)),
    "bone": ((0, 0, 0), (71, 89, 57)),
    "brain": ((0, 0, 0), (65, 83, 52)),
    "left ventricle": ((-14, 6, 8), (7, 28, 10)),
    "right ventricle": ((15, 2, 10), (9, 24, 12)),
    "stem": ((0, -22, -32), (13, 13, 20)),
    "lesion": ((32, 34, 16), (14, 11, 12)),
    "nose": ((4, 90, -22), (14, 16, 14)),
}
T1C = {"skin": 900, "bone": 60, "brain": 400, "left ventricle": 120, "right ventricle": 120, "stem": 470,
       "lesion": 700, "nose": 800}  # fmt: skip
FLAIR = {"skin": 500, "bone": 40, "brain": 250, "left ventricle": 60, "right ventricle": 60, "stem": 210,
         "lesion": 480, "nose": 400}  # fmt: skip


def grid(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], tilt_degrees: float = 0.0) -> Grid:
    """A grid around the origin, stored left-to-right flipped as scanners do, turned about the left-right axis."""
    c, s = np.cos(np.radians(tilt_degrees)), np.sin(np.radians(tilt_degrees))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[-1, 0, 0], [0, c, -s], [0, s, c]]) * spacing_mm
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return grid_from_affine(shape, affine)


def moved(shift_mm: tuple[float, float, float], degrees: float) -> Array:
    """A rigid (4, 4): a turn about the vertical axis, then a shift."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    matrix[:3, :3] = [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    matrix[:3, 3] = shift_mm
    return matrix


def places(on: Grid, motion: Array | None = None) -> Array:
    """Where in the anatomy each voxel lies, (3, I, J, K) mm, when the patient moved by `motion` before the series."""
    assert on.affine is not None
    back = np.linalg.inv(motion if motion is not None else np.eye(4)) @ on.affine
    index = np.stack(np.meshgrid(*(np.arange(n) for n in on.shape), indexing="ij"))
    return np.tensordot(back[:3, :3], index, 1) + back[:3, 3, None, None, None]


def inside(part: str, at: Array) -> npt.NDArray[np.bool_]:
    centre, half = (np.array(numbers, float)[:, None, None, None] for numbers in PARTS[part])
    return np.asarray((((at - centre) / half) ** 2).sum(axis=0) < 1)


def series(contrast: Mapping[str, int], on: Grid, motion: Array | None = None, seed: int = 0) -> StoredImage:
    """One series of the head: int16, noise of 5 units."""
    at = places(on, motion)
    values = np.zeros(on.shape)
    for part, value in contrast.items():
        values[inside(part, at)] = value
    noise = np.random.default_rng(seed).normal(0, 5, on.shape)
    return plain_image(np.abs(values + noise).astype(np.int16)[np.newaxis], on)


def lesion(on: Grid, motion: Array | None = None) -> StoredImage:
    """The lesion as a mask of label 3."""
    return plain_image((inside("lesion", places(on, motion)) * np.uint8(3))[np.newaxis], on)
