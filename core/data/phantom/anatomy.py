"""The outside of the brain: lobes, cerebellum, stem, fissures, and what skull stripping leaves.

Coordinates are those of an average head, in mm to the right, front and up of the anterior
commissure. The numbers are proportions of an adult brain as an atlas shows them, rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.phantom.grid import COARSE_MM
from core.data.phantom.noise import Field
from core.data.phantom.shapes import Points, blend, carve, ellipsoid, tube

# Sulci and cisterns narrower than twice this stay inside the mask of a skull-stripped brain.
CLOSING_MM = 10.0
# Fluid further than this from any brain is cut away with the skull.
BRIDGE_MM = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Surfaces:
    """The outside of the brain, as distances in mm, positive inside, float32 on the 2 mm grid.

    Attributes:
        head: everything inside the meninges: what skull stripping leaves.
        cerebrum: both hemispheres with their temporal lobes.
        cerebellum: both cerebellar hemispheres and the vermis.
        stem: midbrain, pons and medulla.
    """

    head: Field
    cerebrum: Field
    cerebellum: Field
    stem: Field


def surfaces(points: Points, swell_mm: Field) -> Surfaces:
    """Build the outside of the brain on the 2 mm grid.

    Args:
        points: head coordinates.
        swell_mm: how far the surface stands out from the plain shapes, so that no face is flat.
    """
    x, y, z = points
    side = np.abs(x)
    stem = _stem(side, y, z)
    cerebrum = blend(_cerebrum(side, y, z), _temporal_lobe(side, y, z), 7.0) + swell_mm
    cerebellum = _cerebellum(side, y, z)
    solid = np.maximum(np.maximum(cerebrum, cerebellum), stem)
    # no cortex grows where the stem enters
    return Surfaces(_closed(solid > 0), signed_distance((cerebrum > 0) | (stem > 2)), cerebellum, stem)


def _cerebrum(side: Field, y: Field, z: Field) -> Field:
    narrowing = np.clip(1 + np.float32(0.0018) * (y + 28), np.float32(0.95), np.float32(1.2))
    body = ellipsoid((side * narrowing, y, z), (0, -17, 15), (66.5, 86, 60), 2.2)
    front = 1 / (1 + np.exp((12 - y) / 4))
    back = 1 / (1 + np.exp((y + 40) / 5))
    floor = front * (-20 + 0.004 * side * side) + (1 - front - back) * -10 + back * tentorium(side, y)
    return carve(body, (z - floor).astype(np.float32) * np.float32(0.9), 7.0)


def tentorium(side: Field, y: Field) -> Field:
    """Return the height of the tent between cerebrum and cerebellum, in mm."""
    return np.asarray(5 - 0.36 * side + 0.27 * (y + 45), np.float32)


def _temporal_lobe(side: Field, y: Field, z: Field) -> Field:
    lobe = tube((side, y, z), [(37, 12, -26, 16), (43, -8, -26, 20), (46, -32, -17, 20), (44, -58, -5, 20)])
    beside_stem = tube((side, y, z), [(25, 0, -25, 9.5), (22, -22, -15, 8.5), (20, -42, -5, 9.5), (16, -58, 4, 11)])
    lobe = blend(lobe, beside_stem, 4.0)
    return carve(lobe, np.asarray(z - tentorium(side, y) + np.clip((y + 30) * 2, 0, 60), np.float32), 4.0)


def _cerebellum(side: Field, y: Field, z: Field) -> Field:
    lobe = ellipsoid((side, y, z), (24, -57, -30), (31, 34, 27), 2.1)
    vermis = ellipsoid((side, y, z), (0, -57, -23), (13, 25, 27))
    below_tent = np.asarray(tentorium(side, y) - 1.6 - z, np.float32) * np.float32(0.9)
    return carve(blend(lobe, vermis, 5.0), below_tent, 2.5)


def _stem(side: Field, y: Field, z: Field) -> Field:
    at: Points = (side, y, z)
    pons = ellipsoid(at, (0, -20, -30), (16.5, 12.5, 14), 2.2)
    medulla = tube(at, [(0, -27, -40, 9.0), (0, -32, -54, 7.8), (0, -36, -80, 6.8)])
    peduncles = tube(at, [(5, -20, -20, 8.5), (8, -19, -8, 7.5), (10, -16, 0, 7)])
    tectum = ellipsoid(at, (0, -30, -11), (9, 6.5, 8))
    to_cerebellum = tube(at, [(12, -26, -30, 8), (19, -42, -32, 7)])
    upper = blend(blend(pons, medulla, 6.0), blend(peduncles, tectum, 4.0), 4.0)
    return blend(upper, to_cerebellum, 5.0)


def fissures(points: Points, sway: Points) -> Field:
    """Return the distance from the sheets between the hemispheres and the lobes, in mm (2 mm grid).

    Args:
        points: head coordinates.
        sway: three random fields of standard deviation 1: no fissure is straight.
    """
    x, y, z = points
    cleft = interhemispheric((x + np.float32(1.2) * sway[0], y, z))
    winding = [p + np.float32(2.8) * s for p, s in zip((np.abs(x), y, z), sway, strict=True)]
    return np.minimum(cleft, _sylvian(winding[0], winding[1], winding[2]))


def interhemispheric(points: Points) -> Field:
    """Return the distance from the cleft between the hemispheres, in mm (2 mm grid)."""
    x, y, z = points
    outside = np.maximum(within_callosum(y, z), np.minimum(np.minimum(y + 44, 6 - y), 6 - z))
    return np.asarray(np.sqrt(x * x + np.maximum(outside, np.float32(0)) ** 2), np.float32)


def within_callosum(y: Field, z: Field) -> Field:
    """Return the distance into the arch of the corpus callosum and all it spans, in the middle plane."""
    return ellipsoid((np.float32(0) * y, y, z), (0, -6, 1), (1e3, 39, 27.5), 2.2)


def _sylvian(side: Field, y: Field, z: Field) -> Field:
    """Distance from the fissure between frontal and temporal lobe, and from the insula at its bottom."""
    # it rises as it runs back and in
    height = (z + 2 + np.float32(0.48) * y + np.float32(0.25) * (side - 45)) * np.float32(0.87)
    # shallower towards its back end
    inner_end = 37 + np.float32(0.45) * np.maximum(-12 - y, np.float32(0))
    cleft = np.maximum(np.maximum(inner_end - side, y - 24), -42 - y)
    lateral = np.sqrt(height**2 + np.maximum(cleft, np.float32(0)) ** 2)
    # the insula bulges outwards
    bottom = side - (38 - np.float32(0.035) * (height - 2) ** 2 - np.float32(0.008) * (y + 2) ** 2)
    beyond = np.maximum(np.abs(height - 2) - 11, np.abs(y + 2) - 20)
    insula = np.sqrt(bottom**2 + np.maximum(beyond, np.float32(0)) ** 2)
    return np.asarray(np.minimum(lateral, insula), np.float32)


def signed_distance(inside: npt.NDArray[np.bool_]) -> Field:
    """Return the distance into a body given as a mask on the 2 mm grid, in mm, lightly smoothed."""
    from scipy.ndimage import gaussian_filter

    distance = _distance(inside) - _distance(~inside)
    distance -= np.sign(distance) * np.float32(COARSE_MM / 2)
    return np.asarray(gaussian_filter(distance, 1.0), np.float32)


def _closed(solid: npt.NDArray[np.bool_]) -> Field:
    """Close narrow gaps, as the meninges span the sulci."""
    from scipy.ndimage import binary_fill_holes

    # room around it, or what touches the border would never shrink back
    margin = int(CLOSING_MM / COARSE_MM) + 1
    padded = np.pad(solid, margin)
    away = _distance(~padded)
    closed = (_distance(away < CLOSING_MM) > CLOSING_MM - 1.0) & (away < BRIDGE_MM)
    cut = slice(margin, -margin)
    whole = closed[cut, cut, cut]
    for level in range(whole.shape[2]):
        # the cistern around the stalk is open below, yet inside the meninges
        whole[..., level] = binary_fill_holes(whole[..., level])
    return signed_distance(whole)


def _distance(inside: npt.NDArray[np.bool_]) -> Field:
    from scipy.ndimage import distance_transform_edt

    distance: Any = distance_transform_edt(inside)
    return np.asarray(distance * COARSE_MM, np.float32)
