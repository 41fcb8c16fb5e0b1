"""The large shapes of a head: brain surface, fissures, ventricles, deep grey matter, brain stem.

Coordinates are those of an average head, in mm to the right, front and up of the anterior
commissure. The numbers are proportions of an adult brain as an atlas shows them, rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.phantom.grid import COARSE_MM
from core.data.phantom.noise import Field
from core.data.phantom.shapes import Points, blend, carve, ellipsoid, tube


@dataclass(frozen=True, slots=True, eq=False)
class Surfaces:
    """The outside of the brain, as distances in mm, positive inside, float32 on the 2 mm grid.

    Attributes:
        head: everything inside the meninges: what skull stripping leaves.
        cerebrum: both hemispheres with their temporal lobes.
        cerebellum: both cerebellar hemispheres and the vermis.
        stem: midbrain, pons and medulla.
        fissures: distance from the sheets between the hemispheres and the lobes, positive everywhere.
    """

    head: Field
    cerebrum: Field
    cerebellum: Field
    stem: Field
    fissures: Field


def surfaces(points: Points) -> Surfaces:
    """Build the outside of the brain on the 2 mm grid."""
    x, y, z = points
    side = np.abs(x)
    stem = _stem(points)
    cerebrum = blend(_cerebrum(side, y, z), _temporal_lobe(side, y, z), 7.0)
    cerebellum = _cerebellum(side, y, z)
    solid = np.maximum(np.maximum(cerebrum, cerebellum), stem)
    head = _closed(solid > 0, 7.0)
    # the roots of the stem lie inside the cerebrum: no cortex grows where they enter
    return Surfaces(head, signed_distance((cerebrum > 0) | (stem > 2)), cerebellum, stem, fissures(points))


def fissures(points: Points) -> Field:
    """Return the distance from the sheets between the hemispheres and the lobes, in mm (2 mm grid)."""
    x, y, z = points
    return np.minimum(interhemispheric(points), _sylvian(np.abs(x), y, z))


def _cerebrum(side: Field, y: Field, z: Field) -> Field:
    narrowing = np.clip(1 + np.float32(0.0018) * (y + 28), np.float32(0.95), np.float32(1.2))
    body = ellipsoid((side * narrowing, y, z), (0, -17, 15), (66.5, 86, 60), 2.25)
    front = 1 / (1 + np.exp((12 - y) / 4))
    back = 1 / (1 + np.exp((y + 40) / 5))
    floor = front * (-20 + 0.004 * side * side) + (1 - front - back) * -8 + back * _tentorium(side, y)
    return carve(body, (z - floor).astype(np.float32) * np.float32(0.9), 9.0)


def _tentorium(side: Field, y: Field) -> Field:
    return np.asarray(5 - 0.36 * side + 0.27 * (y + 45), np.float32)


def _temporal_lobe(side: Field, y: Field, z: Field) -> Field:
    lobe = tube((side, y, z), [(37, 12, -26, 16), (43, -8, -26, 20), (46, -32, -17, 20), (44, -58, -5, 20)])
    return carve(lobe, np.asarray(z - _tentorium(side, y) + np.clip((y + 30) * 2, 0, 60), np.float32), 4.0)


def _cerebellum(side: Field, y: Field, z: Field) -> Field:
    lobe = ellipsoid((side, y, z), (25, -62, -36), (28, 29, 21))
    vermis = ellipsoid((side, y, z), (0, -60, -28), (12, 25, 22))
    # the notch behind, where the falx of the cerebellum lies
    both = blend(lobe, vermis, 6.0)
    return carve(both, np.asarray(_tentorium(side, y) - 3.0 - z, np.float32) * np.float32(0.9), 4.0)


def _stem(points: Points) -> Field:
    x, y, z = points
    pons = ellipsoid(points, (0, -21, -29), (17, 12.5, 14.5), 2.2)
    medulla = tube(points, [(0, -27, -40, 9.5), (0, -33, -56, 8.2), (0, -37, -80, 7.2)])
    midbrain = tube((np.abs(x), y, z), [(8, -24, -16, 10), (10, -18, -4, 9)])
    tectum = ellipsoid(points, (0, -32, -10), (10, 7, 9))
    return blend(blend(pons, medulla, 7.0), blend(midbrain, tectum, 4.0), 6.0)


def interhemispheric(points: Points) -> Field:
    """Return the distance from the cleft between the hemispheres, in mm (2 mm grid)."""
    x, y, z = points
    outside = np.maximum(_within_callosum(y, z), _below(y, z))
    return np.sqrt(x * x + np.maximum(outside, np.float32(0)) ** 2)


def _within_callosum(y: Field, z: Field) -> Field:
    """Distance into the arch of the corpus callosum and all it spans, in the middle plane."""
    return ellipsoid((np.float32(0), y, z), (0, -6, 1), (1e3, 39, 27.5), 2.2)


def _below(y: Field, z: Field) -> Field:
    return np.asarray(np.minimum(np.minimum(y + 44, 6 - y), 6 - z), np.float32)


def callosum(points: Points) -> Field:
    """Return the distance into the corpus callosum near the middle plane, in mm."""
    x, y, z = points
    inner = ellipsoid((np.float32(0), y, z), (0, -7, -1), (1e3, 30, 22.5), 2.2)
    ring = np.minimum(_within_callosum(y, z), -inner)
    upper = np.minimum(ring, np.asarray(z + 6, np.float32))
    return np.minimum(upper, 16 - np.abs(x)).astype(np.float32)


def _sylvian(side: Field, y: Field, z: Field) -> Field:
    """Distance from the fissure between frontal and temporal lobe, and from the insula at its bottom."""
    height = (z + 2 + np.float32(0.48) * y) * np.float32(0.9)
    cleft = np.maximum(np.maximum(36 - side, y - 24), -44 - y)
    lateral = np.sqrt(height**2 + np.maximum(cleft, np.float32(0)) ** 2)
    bottom = side - (36 + np.float32(0.06) * (height - 2) - np.float32(0.006) * (y + 2) ** 2)
    beyond = np.maximum(np.abs(height - 2) - 12, np.abs(y + 2) - 21)
    insula = np.sqrt(bottom**2 + np.maximum(beyond, np.float32(0)) ** 2)
    return np.minimum(lateral, insula).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Deep:
    """What lies inside the hemispheres, as distances in mm, positive inside, float32 on the 2 mm grid."""

    ventricles: Field
    striatum: Field
    pallidum: Field
    thalamus: Field
    hippocampus: Field
    callosum: Field
    plexus: Field


def deep(points: Points, atrophy: float) -> Deep:
    """Build ventricles and deep grey matter; `atrophy` (0 to 1) widens the ventricles."""
    x, y, z = points
    side: Points = (np.abs(x), y, z)
    caudate = blend(
        ellipsoid(side, (13.5, 16, 5), (5.5, 9.5, 9)),
        tube(side, [(14, 12, 12, 4), (17, -8, 17, 2.6), (22, -22, 16, 1.6)]),
        3,
    )
    putamen = ellipsoid(_tilted(side, 26.0, 3.0), (26, 3, 2), (5.0, 15, 10), 2.2)
    return Deep(
        ventricles=_ventricles(points, atrophy),
        striatum=np.maximum(caudate, putamen),
        pallidum=ellipsoid(_tilted(side, 19.0, -1.0), (19, -1, 0), (4.0, 9, 7)),
        thalamus=ellipsoid(_tilted(side, 11.0, -16.0), (11, -16, 4), (8.5, 13.5, 8.5)),
        hippocampus=tube(side, [(24, -8, -20, 5), (27, -22, -15, 4), (26, -34, -5, 3)]),
        callosum=callosum(points),
        plexus=tube(side, [(21, -36, 9, 2.4), (17, -26, 14, 1.4), (9, -6, 13, 0.8)]),
    )


def _tilted(side: Points, x_mm: float, y_mm: float) -> Points:
    """Turn points about an upright axis so that deep nuclei point outwards as they run back."""
    c, s = np.float32(np.cos(0.38)), np.float32(np.sin(0.38))
    dx, dy = side[0] - np.float32(x_mm), side[1] - np.float32(y_mm)
    return np.float32(x_mm) + c * dx + s * dy, np.float32(y_mm) - s * dx + c * dy, side[2]


def _ventricles(points: Points, atrophy: float) -> Field:
    x, y, z = points
    wide = 0.75 + 0.7 * atrophy
    side: Points = (np.abs(x), y, z)
    # flattened: the horns are taller than wide
    front = tube(
        (side[0], y, z * np.float32(0.8)),
        [(12, 33, 2, 2.2 * wide), (8, 25, 5, 4.2 * wide), (5.5, 8, 10, 3.6 * wide), (8, -10, 14.5, 3.6 * wide),
         (14, -25, 13, 4.2 * wide), (22, -38, 7, 5.6 * wide), (25, -52, 3, 3.6 * wide), (22, -66, 2, 1.2 * wide)],
    )  # fmt: skip
    temporal = tube(
        side,
        [(24, -38, 6, 4.5 * wide), (32, -30, -8, 2.8 * wide), (33, -14, -17, 2.2 * wide), (29, -4, -21, 2.0 * wide)],
    )
    septum = np.maximum(front, temporal)
    lateral = np.minimum(septum, side[0] - np.float32(0.9))
    third = np.minimum(ellipsoid(points, (0, -9, -3), (40, 15, 9), 2.5), (1.1 + 1.6 * atrophy) - side[0])
    fourth = carve(ellipsoid(points, (0, -37, -32), (9, 6, 12)), np.asarray(-33 - y, np.float32), 2.0)
    aqueduct = tube(points, [(0, -24, -3, 1.2), (0, -31, -14, 1.0), (0, -35, -24, 1.6)])
    return np.maximum(np.maximum(lateral, third.astype(np.float32)), np.maximum(fourth, aqueduct))


def signed_distance(inside: np.ndarray) -> Field:
    """Return the distance into a body given as a mask on the 2 mm grid, in mm, lightly smoothed."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    distance = distance_transform_edt(inside) - distance_transform_edt(~inside)
    distance -= np.sign(distance) * 0.5
    return gaussian_filter((distance * COARSE_MM).astype(np.float32), 0.8)


def _closed(solid: np.ndarray, radius_mm: float) -> Field:
    """Close gaps narrower than twice `radius_mm`, as the meninges span the sulci."""
    from scipy.ndimage import distance_transform_edt

    grown = distance_transform_edt(~solid) * COARSE_MM < radius_mm
    return signed_distance(distance_transform_edt(grown) * COARSE_MM > radius_mm - 1.5)
