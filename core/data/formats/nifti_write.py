"""Write NIfTI-1 files on exactly the grid that a file was read from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.atomic import replacing
from core.data.formats.grid import unit_mm
from core.volume import Array, Grid

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

LABEL_INTENT = 1002  # NIFTI_INTENT_LABEL
FASTEST = 1  # masks shrink a hundredfold at any level, and images hardly more at a higher one


def write_nifti(
    path: Path, native: Array, grid: Grid, slope: float = 1.0, intercept: float = 0.0, intent: int = 0
) -> None:
    """Write voxels with the grid's affine, form codes, quaternion and voxel sizes as they are.

    Args:
        path: ends in `.nii.gz`; appears whole or not at all.
        native: (I, J, K) integers or reals in the grid's own axis order.
        grid: where they are.
        slope: value per stored unit.
        intercept: value of a stored zero.
        intent: NIfTI intent code.

    Raises:
        ValueError: the voxels are not of the grid's shape.
    """
    from isal import igzip
    from nibabel.nifti1 import Nifti1Header

    if native.shape != grid.shape:
        raise ValueError(f"voxels of shape {native.shape}; expected {grid.shape}, the grid they are written on")
    header = Nifti1Header()
    header.set_data_dtype(native.dtype)
    header.set_data_shape(native.shape)
    header["pixdim"][:4] = (grid.qform[0], *grid.pixdim)
    header["xyzt_units"] = grid.xyzt_units
    header["intent_code"] = intent
    header["scl_slope"], header["scl_inter"] = slope, intercept
    header["cal_max"] = int(native.max(initial=0)) if intent == LABEL_INTENT else 0
    _set_forms(header, grid)
    header["vox_offset"] = header.single_vox_offset
    header["magic"] = header.single_magic
    content = io.BytesIO()
    content.write(header.binaryblock)
    content.write(b"\0" * (header.single_vox_offset - len(header.binaryblock)))
    content.write(np.asfortranarray(native).tobytes(order="F"))
    with replacing(path) as stream:
        stream.write(igzip.compress(content.getbuffer(), FASTEST, mtime=0))


def _set_forms(header: Nifti1Header, grid: Grid) -> None:
    """Copy both forms as the file stored them, codes 0 included."""
    header["qform_code"] = grid.qform_code
    names = ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")
    for name, value in zip(names, grid.qform[1:], strict=True):
        header[name] = value
    header["sform_code"] = grid.sform_code
    if grid.sform_code != 0 and grid.affine is not None:
        in_its_unit = grid.affine[:3] / unit_mm(grid.xyzt_units)
        header["srow_x"], header["srow_y"], header["srow_z"] = in_its_unit
