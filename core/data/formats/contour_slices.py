"""Planar contours among the voxels of a grid: which slice each lies on, by how much it misses it, what it holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data import limits
from core.data.formats.contours import fill
from core.data.formats.findings import refusal, warning
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.refusal import Finding
from core.labels import listed
from core.volume import Grid

Floats = npt.NDArray[np.float64]
Voxels = npt.NDArray[np.uint32]

OFF_SLICE = 0.5  # slices by which a contour may be off, or tilted
BESIDE_SLICE = 0.1  # slices beyond which that is said
EDGE = 1.0  # pixels by which a contour may reach beyond the images before that is said


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One contour among the voxels.

    Attributes:
        index: the slice it lies nearest to.
        corners: (N, 2) voxel coordinates along the slice's two axes, in the grid's order.
        off: slices by which its farthest corner misses that slice.
    """

    index: int
    corners: Floats
    off: float


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """All contours among the voxels of a grid.

    Attributes:
        grid: of the images, with an affine.
        axis: the axis of the grid along which the contours' planes are stacked.
        contours: by label.
    """

    grid: Grid
    axis: int
    contours: Mapping[int, Sequence[Drawn]]

    @property
    def plane(self) -> tuple[int, int]:
        """The two axes of a slice."""
        first, second = (axis for axis in range(3) if axis != self.axis)
        return first, second

    @property
    def size(self) -> tuple[int, int]:
        """How many voxels a slice has along its axes."""
        first, second = self.plane
        return self.grid.shape[first], self.grid.shape[second]

    @property
    def step_mm(self) -> float:
        """From a slice to the next."""
        assert self.grid.affine is not None
        return float(np.linalg.norm(self.grid.affine[:3, self.axis]))


def lay_on_slices(contours: Mapping[int, Sequence[Floats]], grid: Grid) -> Drawing:
    """Map contours, each (N, 3) in RAS+ mm, to voxel coordinates and their nearest slices."""
    assert grid.affine is not None
    into = np.linalg.inv(grid.affine)
    mapped = {label: [corners @ into[:3, :3].T + into[:3, 3] for corners in some] for label, some in contours.items()}
    spreads = [np.ptp(corners, axis=0) for some in mapped.values() for corners in some]
    # a straight contour is flat along two axes, all together are along one; on a tie it is the last
    axis = 2 - int(np.argmin(np.round(np.sum(spreads, axis=0), 3)[::-1])) if spreads else 2
    return Drawing(grid, axis, {label: [_drawn(corners, axis) for corners in some] for label, some in mapped.items()})


def _drawn(corners: Floats, axis: int) -> Drawn:
    heights = corners[:, axis]
    nearest = int(np.rint((heights.min() + heights.max()) / 2))
    return Drawn(nearest, np.delete(corners, axis, axis=1), float(np.abs(heights - nearest).max()))


def masks_of(drawing: Drawing) -> dict[int, Voxels]:
    """Return for each label the sorted flat indices of the voxels its contours hold, even-odd on each slice.

    Raises:
        DamagedFileError: there are more than the limit, or contours cross more lines of pixels than the limit.
    """
    masks: dict[int, Voxels] = {}
    for label, contours in drawing.contours.items():
        by_slice: dict[int, list[Floats]] = defaultdict(list)
        for contour in contours:
            by_slice[contour.index].append(contour.corners)
        left = limits.MAX_MARKED_VOXELS - sum(mask.size for mask in masks.values())
        masks[label] = _voxels(by_slice, drawing, left)
    return masks


def _voxels(by_slice: Mapping[int, Sequence[Floats]], drawing: Drawing, most: int) -> Voxels:
    parts, total = [np.empty(0, np.uint32)], 0
    for index, polygons in by_slice.items():
        first, second = fill(polygons, drawing.size)
        total += first.size
        if total > most:
            raise DamagedFileError(f"contours around more than {limits.MAX_MARKED_VOXELS:,} voxels")
        place = [first, second]
        place.insert(drawing.axis, np.full(first.size, index))
        parts.append(np.ravel_multi_index(tuple(place), drawing.grid.shape).astype(np.uint32))
    return np.sort(np.concatenate(parts))


def misses(drawing: Drawing) -> list[Finding]:
    """Say how far contours miss the slices, reach beyond the images, or leave slices out.

    Raises:
        InputRefusedError: one misses its slice by more than half a slice, or lies outside the images.
    """
    every = [contour for some in drawing.contours.values() for contour in some]
    worst = max((contour.off for contour in every), default=0.0)
    step = drawing.step_mm
    choose = "choose the series they were drawn on"
    if worst > OFF_SLICE:
        found = f"a contour that leaves its slice by up to {worst * step:.2f} mm"
        expected = f"contours flat on the images' slices, within half a slice ({OFF_SLICE * step:.2f} mm)"
        raise refusal("contours_off_slices", found, expected, choose)
    if outside := sum(_is_outside(contour, drawing) for contour in every):
        found = f"{outside} of {len(every)} contours outside the images"
        raise refusal("mask_outside_images", found, "contours within them", choose)
    findings = []
    if cut := sum(_is_cut(contour, drawing) for contour in every):
        found = f"{cut} of {len(every)} contours that reach beyond the images' edge"
        findings.append(warning("contours_cut", found, "contours within the images", "they are cut at the edge"))
    if worst > BESIDE_SLICE:
        found = f"contours up to {worst * step:.2f} mm beside the images' slices"
        expected = f"at most {BESIDE_SLICE * step:.2f} mm"
        findings.append(warning("contours_beside_slices", found, expected, f"each went to the nearest slice; {choose}"))
    if striped := tuple(label for label, some in drawing.contours.items() if _is_striped(some)):
        found = f"contours on every second slice or fewer (ROI {listed(striped)})"
        fix = "slices between are background: have them interpolated where the contours were drawn"
        findings.append(warning("contours_skip_slices", found, "contours on every slice of a structure", fix))
    return findings


def _is_outside(contour: Drawn, drawing: Drawing) -> bool:
    beyond = (contour.corners.max(axis=0) < -0.5).any() or (
        contour.corners.min(axis=0) > np.array(drawing.size) - 0.5
    ).any()
    return bool(beyond) or not 0 <= contour.index < drawing.grid.shape[drawing.axis]


def _is_cut(contour: Drawn, drawing: Drawing) -> bool:
    last = np.array(drawing.size) - 1
    return bool((contour.corners.min(axis=0) < -EDGE).any() or (contour.corners.max(axis=0) > last + EDGE).any())


def _is_striped(contours: Sequence[Drawn]) -> bool:
    slices = np.unique([contour.index for contour in contours])
    return slices.size > 2 and float(np.median(np.diff(slices))) >= 2
