"""A `Grid` for formats that store an affine and no NIfTI header, so that masks are exported where they belong."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.volume import Grid

SAME_PLACE_MM = 0.01  # two affines agree when no corner of the grid moves by more
MILLIMETRES = 2  # xyzt_units of a grid in mm with no word about time
SCANNER = 1  # form code: coordinates of the scanner
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
