"""Tumours: a lobed core with a rim of varied thickness, and oedema that creeps through white matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.phantom.grid import SHAPE
from core.data.phantom.noise import Field, noise, stream
from core.data.phantom.shapes import Points, blend, ellipsoid, share
from core.data.phantom.spread import travel_cost
from core.data.phantom.tissue import Shares, TissueMap
from core.data.phantom.traits import Lesion, PhantomTraits

NECROTIC, OEDEMA, ENHANCING = 1, 2, 3
# What a tumour is made of; "solid" is core that takes up no contrast agent and has not died.
PARTS = ("oedema", "solid", "necrotic", "enhancing")


@dataclass(frozen=True, slots=True, eq=False)
class Tumour:
    """All tumours of a patient, on the N voxels inside the head.

    Attributes:
        shares: each of `PARTS` to its share of each voxel, (N,) float32; all zero in a healthy brain.
        labels: (N,) uint8, scheme brats-2023; solid core has the label of necrotic core, as there.
    """

    shares: Shares
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class _Site:
    """The voxels around one lesion.

    Attributes:
        near: their indices among those inside the head.
        voxels: their indices in the whole 1 mm grid.
        points: their head coordinates, in mm.
    """

    name: str
    seed: int
    lesion: Lesion
    near: npt.NDArray[np.intp]
    voxels: npt.NDArray[np.intp]
    points: Points

    def noise(self, purpose: str, wavelength_mm: float) -> Field:
        field = noise(self.seed, f"{self.name} {purpose}", wavelength_mm).on_grid(SHAPE)
        return np.asarray(field.reshape(-1)[self.voxels], np.float32)


def tumour(traits: PhantomTraits, brain: TissueMap) -> Tumour:
    """Grow a patient's tumours in their brain."""
    shares = {part: np.zeros(brain.cerebrum_mm.size, np.float32) for part in PARTS}
    for number, lesion in enumerate(traits.lesions):
        _grow(_site(f"lesion {number}", traits.seed, lesion, brain), brain, shares)
    core = shares["solid"] + shares["necrotic"] + shares["enhancing"]
    labels = np.zeros(core.size, np.uint8)
    labels[shares["oedema"] > 0.45] = OEDEMA
    labels[core > 0.5] = NECROTIC
    labels[(core > 0.5) & (shares["enhancing"] > 0.5 * core)] = ENHANCING
    return Tumour(shares, labels)


def _site(name: str, seed: int, lesion: Lesion, brain: TissueMap) -> _Site:
    reach_mm = 1.9 * lesion.radius_mm + 1.4 * lesion.oedema_mm + 6
    x, y, z = (p - np.float32(c) for p, c in zip(brain.points, lesion.site_mm, strict=True))
    near = np.flatnonzero(x * x + y * y + z * z < np.float32(reach_mm**2))
    points = (brain.points[0][near], brain.points[1][near], brain.points[2][near])
    return _Site(name, seed, lesion, near, np.flatnonzero(brain.inside)[near], points)


def _grow(site: _Site, brain: TissueMap, shares: Shares) -> None:
    core = np.minimum(_core_distance(site), _walls(site, brain))
    inside = share(core, 1.2)
    _lay(shares, site.near, "oedema", _oedema(site, brain, core))
    if site.lesion.rim_mm > 0:
        _lay(shares, site.near, "enhancing", inside)
        _lay(shares, site.near, "necrotic", np.minimum(share(core - _rim_thickness(site), 1.2), inside))
    else:
        _lay(shares, site.near, "solid", inside)


def _walls(site: _Site, brain: TissueMap) -> Field:
    """Distance from what stops a core: the meninges, the tent, and the cleft to the other hemisphere."""
    side = np.float32(np.sign(site.lesion.site_mm[0]) or 1)
    own_side = site.points[0] * side + np.float32(1)
    # beneath the cleft, the corpus callosum is a bridge
    cleft = np.maximum(own_side, brain.fissure_mm[site.near] - 2)
    return np.asarray(np.minimum(brain.cerebrum_mm[site.near] - np.float32(0.5), cleft), np.float32)


def _core_distance(site: _Site) -> Field:
    """Distance into the core: balls grown together, their surface warped at two scales."""
    rng = stream(site.seed, f"{site.name} lobes")
    radius = site.lesion.radius_mm
    balls = []
    for number in range(site.lesion.lobes):
        direction = rng.normal(size=3)
        offset = direction / np.linalg.norm(direction) * (0.0 if number == 0 else 0.72 * radius)
        a, b, c = (float(m + d) for m, d in zip(site.lesion.site_mm, offset, strict=True))
        stretch = rng.uniform(0.8, 1.15, 3) * (0.85 if number == 0 else 0.6) * radius
        p, q, r = (float(v) for v in stretch)
        balls.append(ellipsoid(site.points, (a, b, c), (p, q, r)))
    body = balls[0]
    for ball in balls[1:]:
        body = blend(body, ball, 0.3 * radius)
    warp = np.float32(0.12 * radius) * site.noise("warp", 1.1 * radius + 6)
    return np.asarray(body + warp + np.float32(0.7) * site.noise("edge", 7.0), np.float32)


def _rim_thickness(site: _Site) -> Field:
    """Thickness of the enhancing rim in mm: nodular here, thin there."""
    uneven = np.float32(0.45) * site.noise("rim", 26.0) + np.float32(0.22) * site.noise("rim detail", 8.0)
    return np.asarray(np.float32(site.lesion.rim_mm) * np.exp(uneven), np.float32)


def _oedema(site: _Site, brain: TissueMap, core: Field) -> Field:
    """Share of each voxel near the lesion that is oedematous: fingers of white matter, not the cortex between."""
    far_mm = np.float32(site.lesion.oedema_mm)
    cost = travel_cost(brain, site.near, site.voxels, core, 1.3 * site.lesion.oedema_mm)
    reach = far_mm * (1 + np.float32(0.3) * site.noise("oedema", 40.0)) + np.float32(0.8) * site.noise("fringe", 9.0)
    grey, fluid = brain.shares["grey"][site.near], brain.shares["csf"][site.near]
    return np.asarray(share(reach - cost - np.float32(0.3) * far_mm * grey, 4.5) * (1 - fluid), np.float32)


def _lay(shares: Shares, near: npt.NDArray[np.intp], part: str, cover: Field) -> None:
    """Put one part of a tumour over the others, as paint with the opacity `cover`."""
    for values in shares.values():
        values[near] *= 1 - cover
    shares[part][near] += cover
