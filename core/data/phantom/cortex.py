"""The folded cortex: sulci cut into the brain surface, lined by a ribbon of grey matter.

A sulcus is a sheet at right angles to the surface. The sheets are where a band-passed random field,
read at the nearest point of the surface, is zero: such lines wind about each other at a nearly
even distance, as gyri do. Each sheet ends at a depth that another field sets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.phantom.grid import COARSE_MM, COARSE_SHAPE, SHAPE, refine
from core.data.phantom.noise import Field, noise
from core.data.phantom.shapes import Points


@dataclass(frozen=True, slots=True)
class SulcusOrder:
    """One generation of sulci: primary ones are far apart and deep, later ones close and shallow."""

    name: str
    wavelength_mm: float
    depth_mm: float
    depth_spread_mm: float


ORDERS = (SulcusOrder("primary", 27.0, 15.5, 6.0), SulcusOrder("secondary", 15.0, 5.5, 4.5))
# How far sulci bend out of the straight way down.
BEND_MM = 2.6
# Depth below which no sulcus reaches.
DEEPEST_MM = 30.0
# How far sulci stay away from ventricles and deep grey matter.
CLEARANCE_MM = np.float32(3.0)


@dataclass(frozen=True, slots=True, eq=False)
class Shell:
    """The smooth brain surface that sulci are cut into, float32 on the 2 mm grid, in mm.

    Attributes:
        points: head coordinates.
        cerebrum: distance beneath the outer surface, positive inside.
        fissures: distance from the fissures.
        barred: distance to where no sulcus may reach, positive where they may.
    """

    points: Points
    cerebrum: Field
    fissures: Field
    barred: Field


def pial_depth(seed: int, shell: Shell, atrophy: float) -> Field:
    """Return how deep each voxel lies beneath the nearest pia, in mm: negative in a sulcus.

    Args:
        seed: of the patient.
        shell: the smooth surface.
        atrophy: 0 to 1; widens the sulci.

    Returns:
        float32 on the 1 mm grid.
    """
    surface = np.minimum(shell.cerebrum, shell.fissures)
    projected = _projected(seed, shell.points, surface)
    depth, room = refine(surface), refine(shell.barred)
    opening = np.float32(0.38 + 0.75 * atrophy) * np.exp(np.float32(0.45) * noise(seed, "opening", 45.0).on_grid(SHAPE))
    # open to the surface, all but shut further down
    funnel = np.exp(np.maximum(depth, np.float32(0)) * np.float32(-0.22))
    width = opening * (np.float32(0.35) + funnel) - np.float32(0.2)
    pial = np.minimum(refine(shell.cerebrum), refine(shell.fissures) - np.float32(0.6) * opening - np.float32(0.3))
    for order in ORDERS:
        sheet, lowest = _sheets(seed, order, shell.points[0], projected, surface)
        beyond = np.maximum(np.maximum(depth - refine(lowest), CLEARANCE_MM - room), np.float32(0))
        sheet = refine(sheet)
        np.minimum(pial, np.sqrt(sheet * sheet + beyond * beyond) - width, out=pial)
    return np.asarray(pial, np.float32)


def _projected(seed: int, points: Points, surface: Field) -> Points:
    """Move each point along the gradient of the depth to the surface, so that patterns run down into the brain."""
    slopes = np.gradient(surface, np.float32(COARSE_MM))
    length = np.sqrt(sum(s * s for s in slopes)) + np.float32(0.15)
    reach = np.float32(0.85) * np.clip(surface, np.float32(-4), np.float32(26)) / length
    bent = [
        p - reach * s + np.float32(BEND_MM) * noise(seed, f"bend {i}", 26.0).on_grid(COARSE_SHAPE, COARSE_MM)
        for i, (p, s) in enumerate(zip(points, slopes, strict=True))
    ]
    return bent[0], bent[1], bent[2]


def _sheets(seed: int, order: SulcusOrder, x: Field, projected: Points, surface: Field) -> tuple[Field, Field]:
    """Return the signed distance from one generation's sheets and the depth at which they end (2 mm grid).

    Each hemisphere has a pattern of its own, so that sulci do not run across the cleft between them.
    """
    sheet = np.full(x.shape, np.float32(20))
    lowest = np.zeros(x.shape, np.float32)
    folded = (surface > -5) & (surface < DEEPEST_MM)
    for name, side in (("left", -x), ("right", x)):
        # a margin across the middle, for the gradient
        near = folded & (side > -3 * COARSE_MM)
        at: Points = (projected[0][near], projected[1][near], projected[2][near])
        field = np.zeros(x.shape, np.float32)
        field[near] = noise(seed, f"{name} {order.name} sulci", order.wavelength_mm, 0.28).at(*at)
        own = near & (side >= 0)
        sheet[own] = _distance_from_zero(field, order.wavelength_mm)[own]
        depth = noise(seed, f"{name} {order.name} depth", 1.6 * order.wavelength_mm).at(*at)
        field[near] = order.depth_mm + order.depth_spread_mm * depth
        lowest[own] = field[own]
    return sheet, lowest


def _distance_from_zero(field: Field, wavelength_mm: float) -> Field:
    """Return the signed distance from a field's zero level, to first order."""
    slopes = np.gradient(field, np.float32(COARSE_MM))
    # floor: near a saddle of the field the ratio would tear the sheet open
    slope = np.sqrt(sum((s * s for s in slopes), np.float32((1.6 / wavelength_mm) ** 2)))
    return np.asarray(field / slope, np.float32)
