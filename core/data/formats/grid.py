"""A `Grid` for formats that store an affine and no NIfTI header, so that masks are exported where they belong."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.formats.findings import refusal, warning
from core.data.refusal import Finding
from core.volume import Grid

SAME_PLACE_MM = 0.01  # two affines agree when no corner of the grid moves by more
MILLIMETRES = 2  # xyzt_units of a grid in mm with no word about time
SCANNER = 1  # form code: coordinates of the scanner
UNIT_MM = {1: 1000.0, 2: 1.0, 3: 0.001}  # xyzt_units: metres, millimetres, micrometres
UNIT_BITS = 7  # of xyzt_units; the others are of time
LONGEST_MM = 1e9  # no number of an affine is larger, and no voxel smaller than its inverse
FLATTEST = 1e-6  # |det| of the axes' directions, 1 where they are at right angles and 0 where they lie in a plane
QUATERNION = ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")


def grid_from_affine(shape: tuple[int, int, int], affine: npt.NDArray[np.floating[Any]]) -> Grid:
    """Return the grid a NIfTI header would describe.

    The sform holds the affine; the qform holds it too where there is no shear (to the precision of a quaternion
    in float32, which near a half turn moves a far corner by up to 0.2 mm), else its code is 0.

    Args:
        shape: (I, J, K) of the file.
        affine: (4, 4), voxel index to RAS+ millimetres; not singular.
    """
    from nibabel.nifti1 import Nifti1Header

    exact = np.array(affine, np.float64)
    header = Nifti1Header()
    header.set_data_shape(shape)
    header.set_qform(exact, SCANNER, strip_shears=True)
    straight = corner_distance_mm(shape, exact, without_shear(exact)) <= SAME_PLACE_MM
    x, y, z = np.linalg.norm(exact[:3, :3], axis=0)
    return Grid(
        shape=shape,
        affine=exact,
        sform_code=SCANNER,
        qform_code=SCANNER if straight else 0,
        qform=(float(header["pixdim"][0]), *(float(header[name]) for name in QUATERNION)),
        pixdim=(float(x), float(y), float(z)),
        xyzt_units=MILLIMETRES,
    )


def unit_mm(xyzt_units: int) -> float:
    """Return the length of a NIfTI header's unit in mm; an unknown one is taken for a millimetre."""
    return UNIT_MM.get(xyzt_units & UNIT_BITS, 1.0)


def require_affine(affine: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the (4, 4) affine where it gives every voxel a place of its own.

    Raises:
        InputRefusedError: it is singular, or not finite.
    """
    if np.isfinite(affine).all() and np.abs(affine).max() < LONGEST_MM:
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        if lengths.min() * LONGEST_MM > 1 and abs(np.linalg.det(affine[:3, :3] / lengths)) > FLATTEST:
            return affine
    raise refusal(
        "singular_affine",
        "an affine that is singular, not finite or beyond measure, so voxels have no place in the patient",
        "three axes of finite length that span the space",
        "convert the original images again, or write the affine of a file of the same grid into this one",
    )


def shear_findings(shape: tuple[int, int, int], affine: npt.NDArray[np.float64]) -> tuple[Finding, ...]:
    """Warn of axes that are not at right angles."""
    moved = corner_distance_mm(shape, affine, without_shear(affine))
    if moved <= SAME_PLACE_MM:
        return ()
    found = f"axes that are not at right angles (straightening them moves a corner by {moved:.2f} mm)"
    fix = "resample onto a straight grid if lengths across the axes matter; exports keep the grid as it is"
    return (warning("sheared_grid", found, "a grid of straight axes", fix),)


def unit_findings(xyzt_units: int) -> tuple[Finding, ...]:
    """Warn of lengths that are not in mm."""
    length = unit_mm(xyzt_units)
    if length == 1.0:
        return ()
    found = f"lengths in {'metres' if length > 1 else 'micrometres'}"
    fix = "nothing to do if that is so: they are read as mm; else correct the unit in the header"
    return (warning("units_not_mm", found, "millimetres", fix),)


def without_shear(affine: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the (4, 4) affine with the nearest axes that are at right angles, lengths and origin kept.

    Reference: the orthogonal factor of the polar decomposition is the nearest orthogonal matrix (Higham, 1986).
    """
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    left, _, right = np.linalg.svd(affine[:3, :3] / lengths)
    straight = affine.copy()
    straight[:3, :3] = left @ right * lengths
    return straight


def corner_distance_mm(
    shape: tuple[int, int, int], one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]
) -> float:
    """Return how far apart two (4, 4) affines put the corner voxels of a grid at most, in mm."""
    last = np.array(shape) - 1
    corners = np.stack(np.meshgrid(*((0, n) for n in last), indexing="ij"), -1).reshape(-1, 3)
    change = one - other
    return float(np.linalg.norm(corners @ change[:3, :3].T + change[:3, 3], axis=1).max())
