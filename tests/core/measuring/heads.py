"""Made-up brains whose middle is known: narrower in front, flat below, alike on the left and on the right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.volume import Geometry

Mask = npt.NDArray[np.bool_]


def turned(degrees: float, axis: int) -> npt.NDArray[np.float64]:
    """A turn about one of the patient's axes."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    a, b = [other for other in range(3) if other != axis]
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = c
    matrix[a, b], matrix[b, a] = -s, s
    return matrix


def grid(
    spacing: tuple[float, float, float] = (2.0, 2.0, 2.0),
    first_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
    shape: tuple[int, int, int] = (100, 110, 90),
) -> tuple[Geometry, tuple[int, int, int]]:
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = first_mm
    return Geometry(affine), shape


def head(
    geometry: Geometry, shape: tuple[int, int, int], middle_mm: npt.ArrayLike, turn: npt.ArrayLike | None = None
) -> Mask:
    """A brain around `middle_mm`, turned about it."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    mm = index @ geometry.affine[:3, :3].T + geometry.affine[:3, 3] - np.asarray(middle_mm)
    x, y, z = np.moveaxis(mm @ (np.eye(3) if turn is None else np.asarray(turn)), -1, 0)
    half_width = 66 * (1 - 0.12 * (y / 84))  # narrower in front
    brain: Mask = (x / half_width) ** 2 + (y / 84) ** 2 + (z / 62) ** 2 < 1
    fissure = (np.abs(x) < 3) & (z > 40)
    return np.asarray(brain & (z > -45) & ~fissure)
