"""The tissue map: what share of each voxel is which tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.phantom.anatomy import Surfaces, fissures, interhemispheric, surfaces
from core.data.phantom.cerebellum import folia_depth
from core.data.phantom.cortex import Shell, pial_depth
from core.data.phantom.deep import Deep, deep
from core.data.phantom.grid import COARSE_MM, COARSE_SHAPE, SHAPE, head_points, refine
from core.data.phantom.mass_effect import displaced
from core.data.phantom.noise import Field, noise
from core.data.phantom.shapes import Points, share
from core.data.phantom.traits import PhantomTraits
from core.data.phantom.vessels import large_vessels, sulcal_veins

Shares = dict[str, Field]
# How far the brain's surface stands out from the plain shapes, as a standard deviation.
SWELL_MM = np.float32(0.6)


@dataclass(frozen=True, slots=True, eq=False)
class TissueMap:
    """A brain before its tumour is painted in, on the 1 mm grid.

    Attributes:
        inside: (X, Y, Z) bool, the skull-stripped head; N of its voxels are True.
        shares: tissue to its share of each voxel inside, (N,) float32; they sum to 1.
        cerebrum_mm: distance beneath the surface of the cerebrum, (N,) float32, negative outside it.
        ventricle_mm: distance from the ventricles, (N,) float32, negative inside them.
        fissure_mm: distance from the cleft between the hemispheres, (N,) float32.
        pial_mm: distance beneath the nearest pia, (N,) float32.
        points: head coordinates, three (N,) float32.
    """

    inside: npt.NDArray[np.bool_]
    shares: Shares
    cerebrum_mm: Field
    ventricle_mm: Field
    fissure_mm: Field
    pial_mm: Field
    points: Points


def tissue_map(traits: PhantomTraits) -> TissueMap:
    """Build the brain of a patient, pushed aside by their tumours."""
    at_rest = head_points(traits)
    outside = surfaces(at_rest, SWELL_MM * noise(traits.seed, "swell", 32.0).on_grid(COARSE_SHAPE, COARSE_MM))
    points = displaced(at_rest, outside.head, traits.lesions)
    within = deep(points, traits.atrophy)
    # skull stripping is never quite even
    inside = refine(outside.head) > np.float32(0.35) * noise(traits.seed, "stripping", 30.0, 1.0).on_grid(SHAPE)

    def fine(field: Field) -> Field:
        return refine(field)[inside]

    shell = Shell(points, outside.cerebrum, fissures(points, _sway(traits.seed)), _barred(outside, within))
    pial = pial_depth(traits.seed, shell, traits.atrophy)[inside]
    at: Points = (fine(at_rest[0]), fine(at_rest[1]), fine(at_rest[2]))
    ventricles = fine(within.ventricles)
    shares = _cerebrum(pial, _thickness(traits.seed)[inside], fine(within.callosum))
    _lay_cerebellum(shares, traits.seed, at, fine(outside.cerebellum))
    _lay(shares, "stem", share(fine(outside.stem), 2.0))
    for name, body, width_mm in (
        ("grey", within.hippocampus, 1.5),
        ("striatum", within.striatum, 2.0),
        ("pallidum", within.pallidum, 2.0),
        ("thalamus", within.thalamus, 3.0),
    ):
        _lay(shares, name, share(fine(body), width_mm))
    fluid = share(ventricles, 1.0)
    _lay(shares, "csf", fluid)
    _lay(shares, "plexus", fluid * share(fine(within.plexus), 1.5))
    veins = sulcal_veins(pial, *(noise(traits.seed, f"veins {i}", 21.0).on_grid(SHAPE)[inside] for i in (1, 2)))
    vessels = np.maximum(veins, share(fine(large_vessels(points, outside.head)), 1.5))
    # vessels lie in the cisterns and sulci, not in the brain
    _lay(shares, "vessel", vessels * np.minimum(3 * shares["csf"], np.float32(1)))
    return TissueMap(inside, shares, fine(outside.cerebrum), -ventricles, fine(interhemispheric(points)), pial, at)


def _sway(seed: int) -> Points:
    x, y, z = (noise(seed, f"fissure {i}", 28.0).on_grid(COARSE_SHAPE, COARSE_MM) for i in range(3))
    return x, y, z


def _barred(outside: Surfaces, within: Deep) -> Field:
    """Distance to the next structure that no sulcus may cut into."""
    bodies = (within.ventricles, within.striatum, within.thalamus, within.callosum, outside.stem)
    return np.asarray(-np.maximum.reduce(bodies), np.float32)


def _thickness(seed: int) -> Field:
    return np.float32(2.7) + np.float32(0.35) * noise(seed, "thickness", 30.0).on_grid(SHAPE)


def _cerebrum(pial: Field, thickness: Field, callosum: Field) -> Shares:
    solid = share(pial, 1.5)
    white = np.maximum(share(pial - thickness, 1.5), share(callosum, 2.0) * solid)
    return {"csf": 1 - solid, "grey": solid - white, "white": white}


def _lay_cerebellum(shares: Shares, seed: int, at: Points, depth: Field) -> None:
    here = np.flatnonzero(depth > -2)
    pial = folia_depth(seed, (at[0][here], at[1][here], at[2][here]), depth[here])
    solid = share(pial, 1.0)
    white = np.minimum(share(pial - np.float32(1.75), 1.2), solid)
    cover = share(depth[here], 1.0)
    for name, part in (("csf", 1 - solid), ("grey", solid - white), ("white", white)):
        shares[name][here] += cover * (part - shares[name][here])


def _lay(shares: Shares, name: str, cover: Field) -> None:
    """Put a tissue over what is there, as paint with the opacity `cover`."""
    clear = 1 - cover
    for tissue in shares:
        shares[tissue] *= clear
    shares[name] = shares[name] + cover if name in shares else cover
