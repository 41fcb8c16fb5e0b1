"""Surfaces of masks as triangles in millimetres, small enough to be turned in a browser.

A mask is averaged onto a grid that is as fine as the asked number of triangles allows, smoothed by less than one cell
of that grid, and cut by marching cubes where it encloses as many millilitres as the mask has. Smoothing may move the
surface, but never past the centre of a cell: each cell whose larger half is mask stays inside and every other one
outside. The surface therefore lies within the diagonal of one cell from the mask's own, and no lesion that fills half
a cell is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.volume import Array, Box, Geometry

TRIANGLES = 20_000
SMOOTHING_CELLS = 0.7
# A cell's value stays at least this far from one half, on its own side: between the two, the cut may be anywhere.
CLEARANCE = 0.1
# Of that room, how much is used.
WIDEST_CUT = 0.9 * CLEARANCE
# Refining the step by what was counted converges within this many rounds.
ROUNDS = 6
# Around a stripped brain more than this share of all voxels is exactly one value.
STRIPPED_SHARE = 0.25
# No brain is larger: what is, has its skull. No head is larger: what is, has shoulders.
LARGEST_BRAIN_ML = 2200.0
LARGEST_HEAD_ML = 8000.0


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A closed surface.

    Attributes:
        vertices_mm: (N, 3) float32, RAS+ millimetres.
        faces: (M, 3) int32 indices of vertices, counter-clockwise from outside.
        step_mm: the longest edge of a cell of the grid it was cut on; its diagonal bounds the error.
    """

    vertices_mm: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int32]
    step_mm: float

    @property
    def volume_ml(self) -> float:
        """What the surface encloses, in millilitres, by the divergence theorem."""
        return _enclosed(self.vertices_mm, self.faces) / 1000


def surface(
    mask: Array,
    affine: npt.NDArray[np.float64],
    *,
    triangles: int = TRIANGLES,
    fill_holes: bool = False,
) -> Surface | None:
    """Return the surface of a mask.

    It encloses the millilitres of the mask within 0.5 % where that is at least five cells thick.

    Args:
        mask: (X, Y, Z), inside where it is not zero.
        affine: (4, 4), voxel index to RAS+ millimetres; may be oblique.
        triangles: at most about so many (within a tenth).
        fill_holes: leave out what is enclosed, such as dark ventricles of a brain.

    Returns:
        The surface, or None where the mask is empty, or too small for the grid to see.

    Reference:
        Lorensen and Cline 1987, "Marching cubes", in the variant of Lewiner et al. 2003.
    """
    from scipy.ndimage import binary_erosion, binary_fill_holes, gaussian_filter

    inside = mask != 0
    box = Box.around(inside)
    if box is None:
        return None
    filled = box.crop(inside)
    field, factors = _averaged(filled, np.array(Geometry(affine).spacing_mm), triangles)
    cells = field >= 0.5
    if fill_holes:
        cells = binary_fill_holes(cells)
        field = np.maximum(field, binary_erosion(cells))
    if not cells.any():
        return None
    smooth = gaussian_filter(field, SMOOTHING_CELLS, mode="constant")
    smooth = np.where(cells, np.maximum(smooth, 0.5 + CLEARANCE), np.minimum(smooth, 0.5 - CLEARANCE))
    vertices, faces = _cut_at_volume(smooth.astype(np.float32), float(field.sum()))
    # the centre of padded cell k lies at (k - 1 + 0.5) cells from the box's outer corner, half a voxel before its first
    voxels = (vertices - 0.5) * factors - 0.5 + np.array(box.start)
    placed = voxels @ affine[:3, :3].T + affine[:3, 3]
    if np.linalg.det(affine[:3, :3]) < 0:  # mirrored: what was outside would be inside
        faces = faces[:, ::-1]
    step_mm = float((factors * Geometry(affine).spacing_mm).max())
    return Surface(placed.astype(np.float32), faces.astype(np.int32), step_mm)


def head_mask(values: Array, affine: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.bool_], str]:
    """Return what of an image is not background, and what that is.

    Args:
        values: (X, Y, Z) of a T1-like image, or a CT.
        affine: (4, 4), voxel index to RAS+ millimetres.

    Returns:
        (X, Y, Z) bool: what differs from the background where that is one value, as around a stripped brain, else what
        is brighter than Otsu's threshold between air and tissue. And "brain", "head" or "body", by its millilitres.

    Reference:
        Otsu 1979, "A threshold selection method from gray-level histograms".
    """
    background = values.flat[0]
    inside: npt.NDArray[np.bool_] = values != background
    stripped = bool(inside.mean() <= 1 - STRIPPED_SHARE)
    if not stripped:
        inside = values > _otsu(values)
    ml = float(inside.sum()) * Geometry(affine).voxel_ml
    if stripped and ml < LARGEST_BRAIN_ML:
        return inside, "brain"
    return inside, "head" if ml < LARGEST_HEAD_ML else "body"


def _otsu(values: Array) -> float:
    from skimage.filters import threshold_otsu

    sample = np.asarray(values)[::2, ::2, ::2].astype(np.float32)
    # on the logarithm, so that bright fat does not draw the threshold up into the tissue
    lowest = float(sample.min())
    threshold = float(threshold_otsu(np.log1p(sample - lowest)))  # type: ignore[no-untyped-call]
    return float(np.expm1(threshold)) + lowest


def _cut_at_volume(
    field: npt.NDArray[np.float32], volume: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Cut a field where it encloses a volume, as near as the clearance around one half allows.

    Returns:
        (N, 3) vertices in cells and (M, 3) faces, counter-clockwise from outside.
    """
    level = 0.5
    vertices, faces = _cut(field, level)
    found = _enclosed(vertices, faces)
    lower, upper = 0.5 - WIDEST_CUT, 0.5 + WIDEST_CUT
    trial = lower if found < volume else upper
    other = _enclosed(*_cut(field, trial))
    if found == other:
        return vertices, faces
    level = min(upper, max(lower, 0.5 + (trial - 0.5) * (volume - found) / (other - found)))
    return _cut(field, level)


def _cut(field: npt.NDArray[np.float32], level: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    from skimage.measure import marching_cubes

    vertices, faces, _, _ = marching_cubes(  # type: ignore[no-untyped-call]
        field, level, allow_degenerate=False
    )
    # clockwise from outside as they come
    return vertices.astype(np.float64), faces[:, ::-1].astype(np.int32)


def _enclosed(vertices: npt.NDArray[Any], faces: npt.NDArray[np.int32]) -> float:
    """Return the volume in cubed units of the vertices, by the divergence theorem."""
    a, b, c = (vertices - vertices.mean(axis=0)).astype(np.float64)[faces].transpose(1, 0, 2)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def _averaged(
    filled: npt.NDArray[np.bool_], spacing_mm: npt.NDArray[np.float64], triangles: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Average a cropped mask onto cells that are as equal-sided as its voxels allow, and few enough.

    Returns:
        (x, y, z) float32 share of each cell that is mask, with one empty cell around, and voxels per cell (3,).
    """
    step_mm = float(spacing_mm.min())
    for _ in range(ROUNDS):
        factors = np.maximum(1.0, step_mm / spacing_mm)
        field = filled.astype(np.float32)
        for axis in range(3):
            field = _binned(field, axis, float(factors[axis]))
        field = np.pad(field, 1)
        # each face between inside and outside becomes one vertex, and a closed surface has two triangles to a vertex
        made = 2 * _faces(field >= 0.5)
        if made <= triangles * 1.1:
            break
        step_mm = max(step_mm * float(np.sqrt(made / triangles)), step_mm * 1.02)
    return field, factors


def _binned(field: npt.NDArray[np.float32], axis: int, factor: float) -> npt.NDArray[np.float32]:
    """Average along an axis over stretches of `factor` voxels, the last one reaching over the end; sums are kept."""
    if factor == 1.0:
        return field
    count = field.shape[axis]
    edges = np.minimum(np.arange(int(np.ceil(count / factor)) + 1) * factor, count)
    moved = np.moveaxis(field, axis, 0)
    sums = np.concatenate([np.zeros_like(moved[:1]), np.cumsum(moved, axis=0)])
    whole = np.minimum(edges.astype(int), count - 1)
    part = (edges - whole).astype(np.float32).reshape(-1, 1, 1)
    at_edges = sums[whole] + part * (sums[whole + 1] - sums[whole])
    binned: npt.NDArray[np.float32] = np.moveaxis(np.diff(at_edges, axis=0) / np.float32(factor), 0, axis)
    return binned


def _faces(cells: npt.NDArray[np.bool_]) -> int:
    return sum(int(np.count_nonzero(np.diff(cells, axis=axis))) for axis in range(3))
