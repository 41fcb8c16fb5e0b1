"""Where a NIfTI header says its voxels are, in mm, and what is odd about the way it says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.data.formats.findings import refusal, warning
from core.data.formats.grid import (
    QUATERNION,
    SAME_PLACE_MM,
    corner_distance_mm,
    require_affine,
    shear_findings,
    unit_findings,
    unit_mm,
)
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.nifti_header import NiftiHeader
from core.data.refusal import Finding
from core.volume import Grid

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

Affine = npt.NDArray[np.float64]
# 1 - b² - c² - d² of numbers in single precision is known to this, and nibabel takes less of it for 0
SQUARE_ERROR = 4 * float(np.finfo(np.float32).eps)


@np.errstate(all="ignore")  # a header may hold any numbers; what they make is looked at
def grid_of(header: NiftiHeader) -> tuple[Grid, tuple[Finding, ...]]:
    """Return the grid, its affine in mm and the rest as stored, and the findings about it.

    Raises:
        DamagedFileError: the form that counts gives no affine.
        InputRefusedError: the affine is singular or not finite, or needs a voxel size that is 0.
    """
    fields = header.fields
    sizes = [float(v) for v in fields["pixdim"][1:4]]
    findings = [*unit_findings(int(fields["xyzt_units"])), *_size_findings(header, sizes)]
    affine = require_affine(_in_mm(header, _stored_affine(header)))
    findings += [*_form_findings(header, affine), *shear_findings(header.shape, affine)]
    grid = Grid(
        shape=header.shape,
        affine=affine,
        sform_code=int(fields["sform_code"]),
        qform_code=int(fields["qform_code"]),
        qform=(float(fields["pixdim"][0]), *(float(fields[name]) for name in QUATERNION)),
        pixdim=(sizes[0], sizes[1], sizes[2]),
        xyzt_units=int(fields["xyzt_units"]),
    )
    return grid, tuple(findings)


def _stored_affine(header: NiftiHeader) -> Affine:
    """Return the sform's affine, else the qform's, else that of the voxel sizes, in the header's unit."""
    if int(header.fields["sform_code"]) > 0:
        return np.asarray(header.fields.get_sform(), np.float64)
    if int(header.fields["qform_code"]) > 0:
        return _qform(header)
    return np.asarray(_lenient(header).get_base_affine(), np.float64)


def _qform(header: NiftiHeader) -> Affine:
    from nibabel.spatialimages import HeaderDataError

    try:
        return np.asarray(_lenient(header).get_qform(), np.float64)
    except (HeaderDataError, ValueError) as error:
        raise DamagedFileError(f"a quaternion or voxel sizes that give no affine ({error})") from None


def _lenient(header: NiftiHeader) -> Nifti1Header:
    """Copy the header, with a missing handedness read as 1, and the missing thickness of a single slice too."""
    lenient: Nifti1Header = header.fields.copy()
    if lenient["pixdim"][0] == 0:  # as the standard reads it
        lenient["pixdim"][0] = 1
    for axis, length in enumerate(header.shape, 1):
        if length == 1 and lenient["pixdim"][axis] == 0:
            lenient["pixdim"][axis] = 1
    return lenient


def _in_mm(header: NiftiHeader, affine: Affine) -> Affine:
    scaled = affine.copy()
    scaled[:3] *= unit_mm(int(header.fields["xyzt_units"]))
    return scaled


def _size_findings(header: NiftiHeader, sizes: list[float]) -> list[Finding]:
    zero = [axis for axis, size in enumerate(sizes) if size == 0]
    if not zero:
        return []
    found = f"a voxel size of {' × '.join(f'{size:g}' for size in sizes)}"
    expected = "three lengths above 0"
    if int(header.fields["sform_code"]) > 0:
        fix = "nothing to do: the sform's lengths are used; exports keep the header as it is"
    elif all(header.shape[axis] == 1 for axis in zero):
        fix = "write the slice thickness into the header; a single slice without one is read as 1 mm thick"
    else:
        raise refusal("zero_pixdim", found, expected, "write the voxel sizes into the header (pixdim)")
    return [warning("zero_pixdim", found, expected, fix)]


def _form_findings(header: NiftiHeader, affine: Affine) -> list[Finding]:
    sform, qform = int(header.fields["sform_code"]) > 0, int(header.fields["qform_code"]) > 0
    if not sform and not qform:
        found = "neither an sform nor a qform (both codes 0), so only voxel sizes"
        fix = "convert the original images again if left and right matter: the axes' directions are a guess"
        return [warning("no_form", found, "a form that says where the voxels are", fix)]
    if not (sform and qform):
        return []
    expected = f"one place for each voxel (within {SAME_PLACE_MM} mm)"
    fix = "nothing to do if the sform is right: it is used, and exports keep both; else correct the header"
    try:
        apart = corner_distance_mm(header.shape, affine, _in_mm(header, _qform(header)))
    except DamagedFileError:
        return [warning("forms_disagree", "a qform that gives no affine beside the sform", expected, fix)]
    if apart <= SAME_PLACE_MM + _quaternion_error_mm(header, affine):
        return []
    found = f"an sform and a qform that put a corner {apart:.2f} mm apart"
    return [warning("forms_disagree", found, expected, fix)]


def _quaternion_error_mm(header: NiftiHeader, affine: Affine) -> float:
    """Return how far single precision alone may move a corner.

    It is much near a half turn: a turn by t has a = cos(t / 2), so an error of a is half one of t, and a is the root
    of the small a² = 1 - b² - c² - d².
    """
    square = max(0.0, 1.0 - sum(float(header.fields[name]) ** 2 for name in QUATERNION[:3]))
    error = np.sqrt(square + SQUARE_ERROR) - np.sqrt(max(0.0, square - SQUARE_ERROR))
    reach = float(np.linalg.norm(np.abs(affine[:3, :3]) @ (np.array(header.shape) - 1)))
    return float(2 * error * reach)
