"""What lies inside the hemispheres: ventricles, deep grey matter, corpus callosum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.phantom.anatomy import within_callosum
from core.data.phantom.noise import Field
from core.data.phantom.shapes import Points, blend, carve, ellipsoid, tube


@dataclass(frozen=True, slots=True, eq=False)
class Deep:
    """Distances in mm, positive inside, float32 on the 2 mm grid.

    Attributes:
        ventricles: all four, with the aqueduct.
        striatum: caudate nucleus and putamen.
        pallidum: globus pallidus.
        thalamus: both thalami.
        hippocampus: with the grey matter around it.
        callosum: the corpus callosum near the middle plane.
        plexus: choroid plexus, inside the ventricles.
    """

    ventricles: Field
    striatum: Field
    pallidum: Field
    thalamus: Field
    hippocampus: Field
    callosum: Field
    plexus: Field


def deep(points: Points, atrophy: float) -> Deep:
    """Build what lies inside the hemispheres; `atrophy` (0 to 1) widens the ventricles."""
    x, y, z = points
    side: Points = (np.abs(x), y, z)
    head_of_caudate = ellipsoid(side, (14.5, 17, 4), (6, 10, 9.5))
    tail = tube(side, [(15, 11, 13, 4), (18, -8, 18, 2.4), (23, -22, 16, 1.5)])
    caudate = blend(head_of_caudate, tail, 3)
    thalamus = ellipsoid(_tilted(side, 11.0, -16.0), (11, -16, 4), (8.5, 13.5, 8.5))
    putamen = ellipsoid(_tilted(side, 26.0, 3.0), (26, 3, 2), (4.8, 15, 10), 2.2)
    return Deep(
        ventricles=_ventricles(side, np.maximum(caudate, thalamus), atrophy),
        striatum=np.maximum(caudate, putamen),
        pallidum=ellipsoid(_tilted(side, 19.5, -1.0), (19.5, -1, 0), (3.8, 9, 7)),
        thalamus=thalamus,
        hippocampus=tube(side, [(24, -8, -20, 5), (27, -22, -15, 4), (26, -34, -5, 3)]),
        callosum=_callosum(side),
        plexus=tube(side, [(22, -37, 8, 2.2), (18, -28, 14, 1.6), (9, -6, 16, 0.7)]),
    )


def _callosum(side: Points) -> Field:
    x, y, z = side
    inner = ellipsoid((np.float32(0) * y, y, z), (0, -7, -1), (1e3, 30.5, 22.5), 2.2)
    ring = np.minimum(within_callosum(y, z), -inner)
    return np.asarray(np.minimum(np.minimum(ring, z + 6), (19 - x) * np.float32(0.5)), np.float32)


def _ventricles(side: Points, walls: Field, atrophy: float) -> Field:
    x, y, z = side
    wide = 0.72 + 0.7 * atrophy
    flat: Points = (x, y, z * np.float32(0.8))
    horn = [(14, 34, 1, 2.4), (10, 26, 4, 6.0), (8, 10, 11, 5.2), (9.5, -10, 15.5, 4.2), (15, -25, 13, 4.8)]
    back = [(22, -38, 6.5, 5.8), (25, -52, 3, 3.6), (22, -66, 2, 1.2)]
    temporal = [(24, -38, 6, 4.5), (32, -30, -8, 2.8), (33, -14, -17, 2.2), (29, -4, -21, 2.0)]
    body = tube(flat, [(a, b, c, r * wide) for a, b, c, r in horn + back])
    body = np.maximum(body, tube(side, [(a, b, c, r * wide) for a, b, c, r in temporal]))
    # the caudate and the thalamus bulge into them, the septum parts them
    lateral = carve(carve(body, -walls - np.float32(0.3), 1.5), np.asarray(x - 0.8, np.float32), 1.0)
    third = np.minimum(ellipsoid(side, (0, -9, -3), (40, 15, 9), 2.5), np.float32(1.0 + 1.6 * atrophy) - x)
    fourth = carve(ellipsoid(side, (0, -37, -32), (9, 6, 12)), np.asarray(-33 - y, np.float32), 2.0)
    aqueduct = tube(side, [(0, -24, -3, 1.1), (0, -30, -14, 0.9), (0, -35, -24, 1.5)])
    return np.asarray(np.maximum.reduce([lateral, third, fourth, aqueduct]), np.float32)


def _tilted(side: Points, x_mm: float, y_mm: float) -> Points:
    """Turn points about an upright axis: deep nuclei point outwards as they run back."""
    c, s = np.float32(np.cos(0.38)), np.float32(np.sin(0.38))
    dx, dy = side[0] - np.float32(x_mm), side[1] - np.float32(y_mm)
    return np.float32(x_mm) + c * dx + s * dy, np.float32(y_mm) - s * dx + c * dy, side[2]
