"""Measure a mask: every region's volume, diameters and side, and the lesions of the outermost one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.measuring.diameters import diameters_of
from core.measuring.lesions import Neighbours, Part, parts_of
from core.measuring.measurements import LesionList, LesionMeasures, Measurements, RegionMeasures
from core.measuring.mid_plane import MidPlane, Side, find_mid_plane
from core.measuring.outline import Mask
from core.volume import Box, Geometry

SMALLEST_ML = 0.05  # BraTS 2023 counts no lesion of 50 mm3 or less
MOST_LISTED = 100
SHARE_OF_A_SIDE = 0.1  # of a region's voxels: what lies in smaller lesions does not make it lie on both sides


def measure(
    bits: npt.NDArray[np.uint8],
    regions: tuple[str, ...],
    titles: Mapping[str, str],
    geometry: Geometry | None,
    brain: Mask | None,
    *,
    neighbours: Neighbours = 26,
    smallest_ml: float = SMALLEST_ML,
    lesions_of: str | None = None,
) -> Measurements:
    """Measure a mask.

    Args:
        bits: (X, Y, Z) uint8, RAS+; bit r is set where regions[r] is. Empty regions have 0 voxels and 0 ml.
        regions: names, at most 8.
        titles: how a reader calls each; a name that is not in it is its own title.
        geometry: of the voxels; without it there are no ml, no mm and no sides.
        brain: (X, Y, Z) bool, where the brain is, or the head: sides are told by it. None tells no sides.
        neighbours: by how many neighbours the voxels of a lesion hang together.
        smallest_ml: smaller lesions are counted but not listed; without geometry all are listed.
        lesions_of: the region whose lesions are listed; None takes the outermost.
    """
    box = Box.around(bits != 0) or Box((0, 0, 0), (1, 1, 1))
    inside = box.crop(bits)
    plane = find_mid_plane(brain, geometry) if geometry is not None and brain is not None else None
    parts, diameters = [], []
    for bit in range(len(regions)):  # one after the other, for a mask of a whole CT is large
        mask = (inside >> bit & 1).astype(bool)
        parts.append(parts_of(mask, neighbours, box.start))
        diameters.append(diameters_of(mask, geometry, box.start))
    sizes = [sum(part.voxels for part in found) for found in parts]
    whole = regions.index(lesions_of) if lesions_of else outermost(inside, len(regions))
    return Measurements(
        regions=tuple(
            RegionMeasures(
                name=name,
                title=titles.get(name, name),
                voxels=sizes[bit],
                ml=_ml(sizes[bit], geometry),
                side=_side_of_all(parts[bit], geometry, plane),
                diameters=diameters[bit],
                flat=geometry is None and bits.shape[2] == 1,
            )
            for bit, name in enumerate(regions)
        ),
        lesions=_list(regions[whole], parts[whole], geometry, plane, neighbours, smallest_ml),
        mid_plane=plane,
        no_sides=None if plane else _why_no_sides(geometry, brain),
    )


def outermost(bits: npt.NDArray[np.uint8], count: int) -> int:
    """Return the region that no other holds: of several the first, of none the first of all.

    Args:
        bits: (X, Y, Z) uint8 region bits.
        count: how many regions there are.
    """
    kinds = np.flatnonzero(np.bincount(bits.reshape(-1), minlength=256))
    holds = [{int(kind) for kind in kinds if kind >> region & 1} for region in range(count)]
    free = (region for region in range(count) if holds[region] and not any(holds[region] < other for other in holds))
    return next(free, 0)


def _list(
    region: str,
    parts: Sequence[Part],
    geometry: Geometry | None,
    plane: MidPlane | None,
    neighbours: Neighbours,
    smallest_ml: float,
) -> LesionList:
    least = 1.0 if geometry is None else smallest_ml / geometry.voxel_ml
    # rounded, so that the last digit of an affine does not decide about a lesion of exactly the smallest volume
    large = [part for part in parts if part.voxels >= round(least, 6)]
    listed = tuple(
        LesionMeasures(
            number=number,
            voxels=part.voxels,
            ml=_ml(part.voxels, geometry),
            centroid_voxel=part.centre,
            centroid_mm=None if geometry is None else _in_mm(part, geometry),
            side=None if geometry is None or plane is None else plane.side_of(_in_mm(part, geometry)),
        )
        for number, part in enumerate(large[:MOST_LISTED], 1)
    )
    stated = None if geometry is None else smallest_ml
    return LesionList(region, neighbours, stated, listed, len(parts) - len(large), len(large) - len(listed))


def _side_of_all(
    parts: Sequence[Part], geometry: Geometry | None, plane: MidPlane | None
) -> Side | Literal["both"] | None:
    """Return the side of a region: of its centre, unless it has lesions of some size on the left and on the right."""
    if geometry is None or plane is None or not parts:
        return None
    voxels = np.array([part.voxels for part in parts], np.float64)
    centres = np.array([_in_mm(part, geometry) for part in parts])
    right = plane.to_the_right_mm(centres)
    shares = [
        float(voxels[which].sum() / voxels.sum()) for which in (right < -plane.margin_mm, right > plane.margin_mm)
    ]
    if min(shares) >= SHARE_OF_A_SIDE:
        return "both"
    return plane.side_of(voxels @ centres / voxels.sum())


def _ml(voxels: int, geometry: Geometry | None) -> float | None:
    return None if geometry is None else voxels * geometry.voxel_ml


def _in_mm(part: Part, geometry: Geometry) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in geometry.affine[:3, :3] @ part.centre + geometry.affine[:3, 3])
    return x, y, z


def _why_no_sides(geometry: Geometry | None, brain: Mask | None) -> str:
    if geometry is None:
        return "the images do not say where left and right are"
    if brain is None:
        return "no image of the brain is beside the mask"
    return "no plane was found that halves the brain: it is cut off, turned far, or not there"
