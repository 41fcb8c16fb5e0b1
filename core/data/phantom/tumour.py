"""Tumours: a lobed core with a rim of varied thickness, and oedema that creeps through white matter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from core.data.phantom.noise import Field, noise, stream
from core.data.phantom.shapes import Points, blend, ellipsoid, share
from core.data.phantom.spread import travel_cost
from core.data.phantom.tissue import TissueMap
from core.data.phantom.traits import Lesion, PhantomTraits

NECROTIC, OEDEMA, ENHANCING = 1, 2, 3


@dataclass(frozen=True, slots=True, eq=False)
class Tumour:
    """All tumours of a patient, on the voxels inside the head.

    Attributes:
        shares: necrotic, solid (core without contrast uptake), enhancing and oedema: (N,) float32 each.
        labels: (N,) uint8, scheme brats-2023.
    """

    shares: dict[str, Field]
    labels: np.ndarray


def tumour(traits: PhantomTraits, brain: TissueMap) -> Tumour:
    """Grow a patient's tumours in their brain."""
    size = brain.depth_mm.size
    shares = {name: np.zeros(size, np.float32) for name in ("oedema", "solid", "necrotic", "enhancing")}
    for number, lesion in enumerate(traits.lesions):
        _grow(traits.seed, f"lesion {number}", lesion, brain, shares)
    labels = np.zeros(size, np.uint8)
    core = shares["solid"] + shares["necrotic"] + shares["enhancing"]
    labels[shares["oedema"] > 0.45] = OEDEMA
    labels[core > 0.5] = NECROTIC
    labels[(core > 0.5) & (shares["enhancing"] > 0.5 * core)] = ENHANCING
    return Tumour(shares, labels)


def _grow(seed: int, name: str, lesion: Lesion, brain: TissueMap, shares: dict[str, Field]) -> None:
    reach = lesion.radius_mm * 1.8 + lesion.oedema_mm * 1.4 + 6
    x, y, z = (p - np.float32(c) for p, c in zip(brain.points, lesion.site_mm, strict=True))
    near = np.flatnonzero(x * x + y * y + z * z < np.float32(reach**2))
    at: Points = (x[near], y[near], z[near])
    core = _core_distance(seed, name, lesion, at)
    # the tumour stays beneath the meninges and on its own side of the falx
    side = np.float32(np.sign(lesion.site_mm[0]) or 1)
    own_side = brain.points[0][near] * side + np.float32(1)
    wall = np.minimum(brain.depth_mm[near] - np.float32(1.5), np.maximum(own_side, brain.fissure_mm[near] - 2))
    core = np.minimum(core, wall)
    inside = share(core, 1.2)
    rim = _rim_thickness(seed, name, lesion, at)
    hollow = share(core - rim, 1.2) if lesion.rim_mm > 0 else np.zeros_like(core)
    _lay(shares, near, "oedema", _oedema(seed, name, lesion, brain, near, core))
    if lesion.rim_mm > 0:
        _lay(shares, near, "enhancing", inside)
        _lay(shares, near, "necrotic", np.minimum(hollow, inside))
    else:
        _lay(shares, near, "solid", inside)


def _core_distance(seed: int, name: str, lesion: Lesion, at: Points) -> Field:
    """Distance into the core: balls grown together, their surface warped at two scales."""
    rng = stream(seed, f"{name} lobes")
    balls = []
    for number in range(lesion.lobes):
        direction = rng.normal(size=3)
        direction *= (0.0 if number == 0 else 0.72) * lesion.radius_mm / np.linalg.norm(direction)
        radii = lesion.radius_mm * (0.85 if number == 0 else 0.6) * rng.uniform(0.8, 1.15, 3)
        a, b, c = direction
        p, q, r = radii
        balls.append(ellipsoid(at, (float(a), float(b), float(c)), (float(p), float(q), float(r))))
    body = reduce(lambda a, b: blend(a, b, 0.3 * lesion.radius_mm), balls)
    broad = noise(seed, f"{name} warp", 1.1 * lesion.radius_mm + 6, 0.5).at(*at)
    fine = noise(seed, f"{name} edge", 7.0, 0.5).at(*at)
    return np.asarray(body + np.float32(0.12 * lesion.radius_mm) * broad + np.float32(0.7) * fine, np.float32)


def _rim_thickness(seed: int, name: str, lesion: Lesion, at: Points) -> Field:
    """Thickness of the enhancing rim in mm: nodular here, thin there."""
    broad = noise(seed, f"{name} rim", 26.0, 0.5).at(*at)
    fine = noise(seed, f"{name} rim detail", 8.0, 0.5).at(*at)
    return np.asarray(lesion.rim_mm * np.exp(np.float32(0.45) * broad + np.float32(0.22) * fine), np.float32)


def _oedema(seed: int, name: str, lesion: Lesion, brain: TissueMap, near: np.ndarray, core: Field) -> Field:
    """Share of each voxel near the lesion that is oedematous."""
    cost = travel_cost(brain, lesion, near, core)
    uneven = noise(seed, f"{name} oedema", 40.0, 0.5).at(*(p[near] for p in brain.points))
    detail = noise(seed, f"{name} oedema edge", 9.0, 0.5).at(*(p[near] for p in brain.points))
    reach = np.float32(lesion.oedema_mm) * (1 + np.float32(0.3) * uneven) + np.float32(0.8) * detail
    grey = brain.shares["grey"][near]
    spread = share(reach - cost - np.float32(0.3 * lesion.oedema_mm) * grey, 4.5)
    return np.asarray(spread * (1 - brain.shares["csf"][near]), np.float32)


def _lay(shares: dict[str, Field], near: np.ndarray, name: str, cover: Field) -> None:
    for values in shares.values():
        values[near] *= 1 - cover
    shares[name][near] += cover
