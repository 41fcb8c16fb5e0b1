"""What may go wrong with a study before it is segmented, done to one on purpose."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from core.case import BRATS_MODALITIES
from core.data.phantom import make_phantom
from core.data.phantom.cohort import patient_traits
from core.volume import Array, Geometry, Grid, Volume


def volume(voxels: Array, affine: Array) -> Volume:
    """A study of four sequences, (4, X, Y, Z), as it is read from RAS+ files."""
    grid = Grid((voxels.shape[1], voxels.shape[2], voxels.shape[3]), affine)
    return Volume(voxels, BRATS_MODALITIES, (1.0,) * 4, (0.0,) * 4, Geometry(affine), grid)


def phantom(seed: int) -> Volume:
    made = make_phantom(patient_traits(seed))
    return volume(made.voxels, made.affine)


def flipped(study: Volume, axis: int) -> Volume:
    return replace(study, voxels=np.flip(study.voxels, 1 + axis))


def exchanged(study: Volume) -> dict[str, Volume]:
    """Every two sequences in each other's place."""
    found = {}
    for one, other in combinations(range(4), 2):
        order = [0, 1, 2, 3]
        order[one], order[other] = other, one
        name = f"{BRATS_MODALITIES[one]} and {BRATS_MODALITIES[other]}"
        found[name] = replace(study, voxels=study.voxels[order])
    return found


def scaled(study: Volume, factor: float, axes: tuple[int, ...] = (0, 1, 2)) -> Volume:
    """The same voxels, with another size in the header."""
    assert study.geometry
    affine = study.geometry.affine.copy()
    affine[:3, list(axes)] *= factor
    return replace(study, geometry=Geometry(affine))
