"""Signed distances of simple bodies, in mm, positive inside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from core.data.phantom.noise import Field

Points = tuple[Field, Field, Field]
Triple = tuple[float, float, float]


def ellipsoid(points: Points, middle_mm: Triple, radii_mm: Triple, power: float = 2.0) -> Field:
    """Return the distance into an ellipsoid, or a superellipsoid where `power` is not 2.

    First order in the distance to the surface: the level function divided by its own gradient.

    Args:
        points: x, y, z in mm, float32, broadcastable.
        middle_mm: centre.
        radii_mm: half axes.
        power: 2 for an ellipsoid, more for a boxier body.
    """
    level = np.float32(0)
    slope = np.float32(0)
    for x, c, r in zip(points, middle_mm, radii_mm, strict=True):
        t = np.abs(x - np.float32(c)) / np.float32(r)
        u = t if power == 2.0 else t ** np.float32(power - 1)
        level = level + u * t
        slope = slope + (u / np.float32(r)) ** 2
    f = np.maximum(level, np.float32(1e-6)) ** np.float32(1 / power)
    gradient = np.sqrt(np.maximum(slope, np.float32(1e-12))) / np.maximum(f, np.float32(1e-3)) ** np.float32(power - 1)
    return np.asarray((1 - f) / gradient, np.float32)


def tube(points: Points, path: Sequence[tuple[float, float, float, float]]) -> Field:
    """Return the distance into a tube along a polyline, each corner given as (x, y, z, radius) in mm."""
    pieces = [_cone(points, path[i], path[i + 1]) for i in range(len(path) - 1)]
    return reduce(np.maximum, pieces)


def _cone(points: Points, a: tuple[float, ...], b: tuple[float, ...]) -> Field:
    axis = [np.float32(q - p) for p, q in zip(a[:3], b[:3], strict=True)]
    length2 = float(sum(v * v for v in axis))
    offset = [x - np.float32(p) for x, p in zip(points, a[:3], strict=True)]
    along = sum((o * v for o, v in zip(offset, axis, strict=True)), np.float32(0)) / np.float32(length2)
    t = np.clip(along, np.float32(0), np.float32(1))
    square = sum(((o - t * v) ** 2 for o, v in zip(offset, axis, strict=True)), np.float32(0))
    return np.asarray(np.float32(a[3]) + t * np.float32(b[3] - a[3]) - np.sqrt(square), np.float32)


def blend(a: Field, b: Field, width_mm: float) -> Field:
    """Return the union of two bodies, their seam rounded over `width_mm`."""
    k = np.float32(width_mm)
    h = np.maximum(k - np.abs(a - b), np.float32(0)) / k
    return np.asarray(np.maximum(a, b) + h * h * k * np.float32(0.25), np.float32)


def carve(a: Field, b: Field, width_mm: float) -> Field:
    """Return the intersection of two bodies, their edge rounded over `width_mm`."""
    return -blend(-a, -b, width_mm)


def share(distance_mm: Field, width_mm: float = 1.0) -> Field:
    """Turn a signed distance into the share of a voxel that is inside: 0 to 1 over `width_mm`."""
    return np.asarray(np.clip(distance_mm / np.float32(width_mm) + np.float32(0.5), 0, 1), np.float32)
