"""Where the pixels of a plane lie among the voxels of a grid: exact placing, no resampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data import limits
from core.data.formats.findings import refusal
from core.data.formats.grid import grid_from_affine
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.refusal import InputRefusedError
from core.volume import Grid

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
WHOLE_STEP = 0.05  # voxels by which a pixel's step may miss a voxel's; a corner's distance decides in the end
SLACK_VOXELS = 0.1  # of the smallest voxel edge: what positions rounded in a file may be off
SAME_PLANE_MM = 0.02  # positions closer than this are one plane
UPRIGHT = 1e-3  # by which directions may miss unit length and right angles


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """One plane of pixels in the patient, RAS+ mm.

    Attributes:
        origin_mm: (3,) centre of the first pixel.
        per_column_mm: (3,) step from a column to the next.
        per_row_mm: (3,) step from a row to the next.
    """

    origin_mm: Floats
    per_column_mm: Floats
    per_row_mm: Floats

    @property
    def normal(self) -> Floats:
        """The (3,) unit vector that makes column, row and normal right-handed."""
        across: Floats = np.cross(self.per_column_mm, self.per_row_mm)
        return across / np.linalg.norm(across)


@dataclass(frozen=True, slots=True, eq=False)
class Placing:
    """Which voxel each pixel of a plane is: voxel = start + column * per_column + row * per_row.

    Attributes:
        start: (3,) voxel index of the first pixel.
        per_column: (3,) whole step, along one axis of the grid.
        per_row: (3,) whole step, along another.
        off_mm: how far the farthest corner pixel lies from its voxel's centre.
    """

    start: Integers
    per_column: Integers
    per_row: Integers
    off_mm: float

    def voxels(self, rows: Integers, columns: Integers) -> Integers:
        """Return the voxel indices (3, N) of pixels."""
        return self.start[:, None] + np.outer(self.per_column, columns) + np.outer(self.per_row, rows)


def plane_of(position: Sequence[float], orientation: Sequence[float], spacing_mm: Sequence[float]) -> Plane:
    """Return the plane that DICOM's attributes describe.

    Args:
        position: ImagePositionPatient, LPS+ mm.
        orientation: ImageOrientationPatient: along a row, then along a column.
        spacing_mm: PixelSpacing: between rows, between columns.

    Raises:
        DamagedFileError: a number is missing, or directions are no unit vectors at right angles.

    Reference: DICOM PS3.3, C.7.6.2.1.1, equation C.7.6.2.1-1.
    """
    if (len(position), len(orientation), len(spacing_mm)) != (3, 6, 2):
        raise DamagedFileError("a frame without position, orientation or pixel spacing")
    row, column = np.array(orientation[:3]) * LPS_TO_RAS, np.array(orientation[3:]) * LPS_TO_RAS
    lengths = np.linalg.norm([row, column], axis=1)
    if np.abs(lengths - 1).max() > UPRIGHT or abs(float(row @ column)) > UPRIGHT or min(spacing_mm) <= 0:
        raise DamagedFileError("a frame whose directions are not at right angles, or without size")
    between_rows, between_columns = spacing_mm
    return Plane(np.array(position) * LPS_TO_RAS, row * between_columns, column * between_rows)


def place(plane: Plane, rows: int, columns: int, grid: Grid) -> Placing:
    """Return which voxels of a grid the pixels of a plane are.

    Raises:
        InputRefusedError: the pixels are of another size or turned (`other_grid`), or lie beside the voxels'
            centres (`frames_off_slices`).
    """
    assert grid.affine is not None
    into = np.linalg.inv(grid.affine)
    exact = np.stack([into[:3, :3] @ plane.per_column_mm, into[:3, :3] @ plane.per_row_mm])
    whole = np.rint(exact)
    if np.abs(exact - whole).max() > WHOLE_STEP or (np.abs(whole).sum(axis=0).max(), np.abs(whole).sum()) != (1, 2):
        raise _other_grid(plane, grid)
    corners = np.array([(c, r) for c in (0, columns - 1) for r in (0, rows - 1)], np.float64)
    first = into[:3, :3] @ plane.origin_mm + into[:3, 3]
    where = first + corners @ exact
    start = np.rint((where - corners @ whole).mean(axis=0))
    off = (where - (start + corners @ whole)) @ grid.affine[:3, :3].T
    off_mm = float(np.linalg.norm(off, axis=1).max())
    edge = float(np.linalg.norm(grid.affine[:3, :3], axis=0).min())
    if off_mm > SLACK_VOXELS * edge:
        raise refusal(
            "frames_off_slices",
            f"a frame whose pixels lie up to {off_mm:.2f} mm beside the centres of the images' voxels",
            "frames that lie on the images' slices, pixel on voxel",
            "choose the series the mask was drawn on, or resample one onto the other's grid; "
            "nothing is resampled silently",
        )
    steps = whole.astype(np.intp)
    return Placing(start.astype(np.intp), steps[0], steps[1], off_mm)


def _other_grid(plane: Plane, grid: Grid) -> InputRefusedError:
    assert grid.affine is not None
    edges = np.linalg.norm(grid.affine[:3, :3], axis=0)
    axes = grid.affine[:3, :3] / edges
    sizes = np.linalg.norm([plane.per_column_mm, plane.per_row_mm], axis=1)
    along = np.abs(axes.T @ (plane.per_column_mm / sizes[0]))
    tilt = float(np.degrees(np.arccos(min(1.0, float(along.max())))))
    return refusal(
        "other_grid",
        f"frames of {sizes[0]:.4g} x {sizes[1]:.4g} mm pixels, turned by {tilt:.1f} degrees against the images",
        f"the images' own grid ({' x '.join(f'{edge:.4g}' for edge in edges)} mm voxels)",
        "choose the series the mask was drawn on, or resample one onto the other's grid; nothing is resampled silently",
    )


def grid_of_planes(planes: Sequence[Plane], rows: int, columns: int, spacing_mm: float | None) -> Grid:
    """Return the grid that parallel planes span, gaps between them filled: axes are column, row, normal.

    Args:
        planes: at least one, in any order; whether each lies on the grid is for `place` to say.
        rows: of each plane.
        columns: of each plane.
        spacing_mm: between neighbouring slices as the file says it, or None.

    Raises:
        DamagedFileError: the planes lie so far apart that their grid would exceed the limits.
    """
    first = planes[0]
    heights = np.array([plane.origin_mm @ first.normal for plane in planes])
    order = np.argsort(heights)
    gaps = np.diff(heights[order])
    distinct = gaps[gaps > SAME_PLANE_MM]
    step = spacing_mm if spacing_mm and spacing_mm > SAME_PLANE_MM else float(distinct.min(initial=np.inf))
    step = step if np.isfinite(step) else 1.0
    extent = float(heights[order[-1]] - heights[order[0]])
    steps = round(extent / step)
    size = rows * columns * (steps + 1)
    if steps >= limits.MAX_DIMENSION or size > limits.MAX_VOLUME_BYTES:
        raise DamagedFileError(
            f"frames {extent:.0f} mm apart in steps of {step:.3g} mm; too many slices to fill between"
        )
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = first.per_column_mm, first.per_row_mm
    affine[:3, 2] = first.normal * (extent / steps if steps else step)
    affine[:3, 3] = planes[order[0]].origin_mm
    return grid_from_affine((columns, rows, steps + 1), affine)
