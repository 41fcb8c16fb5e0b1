"""The folded cortex: sulci cut into the brain surface, lined by a ribbon of grey matter.

A sulcus is a sheet at right angles to the surface. The sheets are where a band-passed random field,
read at the nearest point of the surface, is zero: such lines wind about each other at a nearly
even distance, as gyri do. Each sheet ends at a depth that another field sets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.phantom.anatomy import Surfaces
from core.data.phantom.grid import COARSE_MM, refine
from core.data.phantom.noise import Field, noise
from core.data.phantom.shapes import Points


@dataclass(frozen=True, slots=True)
class SulcusOrder:
    """One generation of sulci: primary ones are far apart and deep, later ones close and shallow."""

    name: str
    wavelength_mm: float
    depth_mm: float
    depth_spread_mm: float


ORDERS = (SulcusOrder("primary", 29.0, 15.0, 6.0), SulcusOrder("secondary", 17.0, 5.0, 5.0))


def pial_depth(seed: int, points: Points, outside: Surfaces, barred: Field, atrophy: float) -> Field:
    """Return how deep each voxel lies beneath the nearest pia, in mm: negative in a sulcus.

    Args:
        seed: of the patient.
        points: head coordinates on the 2 mm grid.
        outside: the brain's surfaces on the 2 mm grid.
        barred: distance in mm to where no sulcus may reach (2 mm grid; positive where they may).
        atrophy: 0 to 1; widens the sulci.

    Returns:
        float32 on the 1 mm grid.
    """
    shell = np.minimum(outside.cerebrum, outside.fissures)
    surface_points = _projected(points, shell)
    depth = refine(shell)
    room = refine(barred)
    opening = np.float32(0.35 + 0.75 * atrophy)
    pial = np.minimum(refine(outside.cerebrum), refine(outside.fissures) - opening - np.float32(0.4))
    for order in ORDERS:
        sheet = np.abs(refine(_sheet_distance(seed, order, surface_points)))
        lowest = refine(_depth_limit(seed, order, surface_points))
        beyond = np.maximum(np.maximum(depth - np.minimum(lowest, room + depth - 3), np.float32(0)), np.float32(0))
        # wider where it opens to the surface
        width = opening * (
            np.float32(0.6) + np.float32(0.9) * np.exp(-np.maximum(depth, np.float32(0)) / np.float32(5))
        )
        np.minimum(pial, np.sqrt(sheet * sheet + beyond * beyond) - width, out=pial)
    return pial


def _projected(points: Points, shell: Field) -> Points:
    """Move each point along the gradient of the depth to the surface, so that patterns run straight down."""
    slopes = np.gradient(shell, np.float32(COARSE_MM))
    length = np.sqrt(sum(s * s for s in slopes)) + np.float32(0.15)
    reach = np.float32(0.85) * np.clip(shell, np.float32(-4), np.float32(26)) / length
    x, y, z = (p - reach * s for p, s in zip(points, slopes, strict=True))
    return x, y, z


def _sheet_distance(seed: int, order: SulcusOrder, surface_points: Points) -> Field:
    field = noise(seed, f"{order.name} sulci", order.wavelength_mm, 0.28).at(*surface_points)
    slopes = np.gradient(field, np.float32(COARSE_MM))
    # floor: near a saddle of the field the ratio would tear the sheet open
    slope = np.sqrt(sum(s * s for s in slopes) + np.float32((1.6 / order.wavelength_mm) ** 2))
    return np.asarray(field / slope, np.float32)


def _depth_limit(seed: int, order: SulcusOrder, surface_points: Points) -> Field:
    field = noise(seed, f"{order.name} depth", 1.6 * order.wavelength_mm, 0.5).at(*surface_points)
    return np.asarray(order.depth_mm + order.depth_spread_mm * field, np.float32)
