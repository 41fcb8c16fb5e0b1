"""The tissue map: what share of each voxel is which tissue."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.data.phantom.anatomy import Deep, Surfaces, deep, fissures, interhemispheric, surfaces
from core.data.phantom.cerebellum import folia_depth
from core.data.phantom.cortex import pial_depth
from core.data.phantom.grid import head_points, refine
from core.data.phantom.mass_effect import displaced
from core.data.phantom.noise import Field, noise
from core.data.phantom.shapes import Points, share
from core.data.phantom.traits import PhantomTraits

TISSUES = ("csf", "grey", "white", "striatum", "pallidum", "thalamus", "stem", "plexus")


@dataclass(frozen=True, slots=True, eq=False)
class TissueMap:
    """A healthy brain on the 1 mm grid.

    Attributes:
        inside: (X, Y, Z) bool, the skull-stripped head.
        shares: tissue to its share of each voxel inside, (N,) float32; they sum to 1.
        depth_mm: distance beneath the head's surface, (N,) float32.
        ventricle_mm: distance from the ventricles, (N,) float32, negative inside them.
        fissure_mm: distance from the cleft between the hemispheres, (N,) float32.
        pial_mm: distance beneath the nearest pia, (N,) float32.
        points: head coordinates, three (N,) float32.
    """

    inside: npt.NDArray[np.bool_]
    shares: dict[str, Field]
    depth_mm: Field
    ventricle_mm: Field
    fissure_mm: Field
    pial_mm: Field
    points: Points


def tissue_map(traits: PhantomTraits) -> TissueMap:
    """Build the healthy brain of a patient."""
    at_rest = head_points(traits)
    points = at_rest
    outside = surfaces(points)
    if traits.lesions:
        points = displaced(at_rest, outside.head, traits.lesions)
        outside = replace(outside, fissures=fissures(points))
    within = deep(points, traits.atrophy)
    barred = np.minimum(
        -np.maximum.reduce([within.ventricles, within.striatum, within.thalamus, within.callosum]), -outside.stem
    )
    pial_full = pial_depth(traits.seed, points, outside, barred, traits.atrophy)
    head = refine(outside.head)
    inside = head > 0
    pick = _Picker(inside)
    fine = tuple(pick(refine(p)) for p in at_rest)
    at: Points = (fine[0], fine[1], fine[2])
    pial = pial_full[inside]
    shares = _cerebral_shares(traits, at, pial, pick, outside, within)
    shares = _with_cerebellum(traits, at, shares, pick, outside)
    cleft = pick(refine(interhemispheric(points)))
    return TissueMap(inside, shares, head[inside], -pick(refine(within.ventricles)), cleft, pial, at)


class _Picker:
    def __init__(self, inside: npt.NDArray[np.bool_]) -> None:
        self.inside = inside

    def __call__(self, field: Field) -> Field:
        return field[self.inside]


def _cerebral_shares(
    traits: PhantomTraits, at: Points, pial: Field, pick: _Picker, outside: Surfaces, within: Deep
) -> dict[str, Field]:
    thickness = np.float32(2.7) + np.float32(0.35) * noise(traits.seed, "thickness", 30.0).at(*at)
    bridge = share(pick(refine(within.callosum)), 2.0)
    stem = share(pick(refine(outside.stem)), 2.0)
    solid = share(pial, 1.0)
    white = share(pial - thickness, 1.3)
    white = np.maximum(white, bridge * share(np.abs(at[0]) - np.float32(0.0), 1.0))
    shares = {"csf": 1 - solid, "grey": solid - np.minimum(white, solid), "white": np.minimum(white, solid)}
    for name, field, width in (
        ("grey", within.hippocampus, 1.5),
        ("striatum", within.striatum, 1.5),
        ("pallidum", within.pallidum, 1.5),
        ("thalamus", within.thalamus, 3.0),
    ):
        _lay(shares, name, share(pick(refine(field)), width))
    _lay(shares, "stem", stem)
    ventricles = share(pick(refine(within.ventricles)), 1.0)
    _lay(shares, "csf", ventricles)
    _lay(shares, "plexus", ventricles * share(pick(refine(within.plexus)), 1.5))
    return shares


def _with_cerebellum(
    traits: PhantomTraits, at: Points, shares: dict[str, Field], pick: _Picker, outside: Surfaces
) -> dict[str, Field]:
    depth = pick(refine(outside.cerebellum))
    here = np.flatnonzero(depth > -2)
    local: Points = (at[0][here], at[1][here], at[2][here])
    pial = folia_depth(traits.seed, local, depth[here])
    solid = share(pial, 1.0)
    white = np.minimum(share(pial - np.float32(1.7), 1.2), solid)
    inside = share(depth[here], 1.0) * (1 - shares["stem"][here])
    part = {name: values[here] for name, values in shares.items()}
    fourth = part["csf"] * share(np.float32(-33) - local[1] + 3, 1)
    for name in part:
        part[name] = part[name] * (1 - inside)
    part["csf"] += inside * (1 - solid)
    part["grey"] += inside * (solid - white)
    part["white"] += inside * white
    del fourth
    for name, values in part.items():
        shares[name][here] = values
    return shares


def _lay(shares: dict[str, Field], name: str, cover: Field) -> None:
    """Put a tissue over what is there, as paint with the opacity `cover`."""
    clear = 1 - cover
    for values in shares.values():
        values *= clear
    shares[name] = shares[name] + cover if name in shares else cover.copy()
