"""Write a label map as NIfTI-1 on exactly the grid its input came from."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.atomic import replacing
from core.volume import Grid

LABEL_INTENT = 1002  # NIFTI_INTENT_LABEL
COMPRESSION = 1  # masks shrink a hundredfold at any level


def write_label_map(path: Path, labels: npt.NDArray[np.uint8], grid: Grid) -> None:
    """Write labels with the input's affine, form codes, quaternion, voxel sizes and axis order.

    Args:
        path: ends in `.nii.gz`; appears whole or not at all.
        labels: (X, Y, Z) uint8 in RAS+.
        grid: the input file's grid, through which the labels go back.

    Raises:
        ValueError: the labels are not of the grid's shape.
    """
    from isal import igzip
    from nibabel.nifti1 import Nifti1Header

    if labels.shape != grid.ras_shape:
        raise ValueError(f"labels of shape {labels.shape}; expected {grid.ras_shape}, the grid they are written on")
    native = grid.from_ras(labels)
    header = Nifti1Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape(native.shape)
    header["pixdim"][:4] = (grid.qform[0], *grid.pixdim)
    header["xyzt_units"] = grid.xyzt_units
    header["intent_code"] = LABEL_INTENT
    header["scl_slope"], header["scl_inter"] = 1.0, 0.0
    header["cal_max"] = int(native.max(initial=0))
    _set_forms(header, grid)
    header["vox_offset"] = header.single_vox_offset
    header["magic"] = header.single_magic
    content = io.BytesIO()
    content.write(header.binaryblock)
    content.write(b"\0" * (header.single_vox_offset - len(header.binaryblock)))
    content.write(np.asfortranarray(native).tobytes(order="F"))
    with replacing(path) as stream:
        stream.write(igzip.compress(content.getvalue(), COMPRESSION, mtime=0))


def _set_forms(header: object, grid: Grid) -> None:
    """Copy both forms as the file stored them, codes 0 included."""
    from nibabel.nifti1 import Nifti1Header

    assert isinstance(header, Nifti1Header)
    header["qform_code"] = grid.qform_code
    names = ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")
    for name, value in zip(names, grid.qform[1:], strict=True):
        header[name] = value
    header["sform_code"] = grid.sform_code
    if grid.sform_code != 0 and grid.affine is not None:
        header["srow_x"], header["srow_y"], header["srow_z"] = grid.affine[:3]
