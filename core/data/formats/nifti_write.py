"""Write NIfTI-1 files on exactly the grid that a file was read from."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import numpy as np

from core.atomic import replacing
from core.data.formats.grid import unit_mm
from core.data.stacking import copy_planes
from core.volume import Array, Grid

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

LABEL_INTENT = 1002  # NIFTI_INTENT_LABEL
COMMENT = 6  # code of a header extension that holds plain text
EXTENSION_STEP = 16  # a header extension's length is a multiple of it
LONGEST_DESCRIPTION = 79  # bytes of `descrip`, which a zero ends
SLAB_BYTES = 1 << 24  # brought into the file's order at a time: a whole CT is not copied once more
FASTEST = 1  # masks shrink a hundredfold at any level, and images hardly more at a higher one


def write_nifti(
    path: Path,
    native: Array,
    grid: Grid,
    slope: float = 1.0,
    intercept: float = 0.0,
    intent: int = 0,
    description: str = "",
    comment: str = "",
) -> None:
    """Write voxels with the grid's affine, form codes, quaternion and voxel sizes as they are.

    Args:
        path: ends in `.nii.gz`; appears whole or not at all.
        native: (I, J, K) integers or reals in the grid's own axis order, or (I, J, K, C) of several volumes.
        grid: where they are.
        slope: value per stored unit.
        intercept: value of a stored zero.
        intent: NIfTI intent code.
        description: what `descrip` says, at most 79 bytes.
        comment: a text that stands in a header extension, which readers skip.

    Raises:
        ValueError: the voxels are not of the grid's shape, or the description is too long.
    """
    from nibabel.nifti1 import Nifti1Header

    if native.shape[:3] != grid.shape:
        raise ValueError(f"voxels of shape {native.shape}; expected {grid.shape}, the grid they are written on")
    if len(description.encode()) > LONGEST_DESCRIPTION:
        raise ValueError(f"a description of {len(description.encode())} bytes; expected {LONGEST_DESCRIPTION} at most")
    header = Nifti1Header()
    header.set_data_dtype(native.dtype)
    header.set_data_shape(native.shape)
    header["pixdim"][:4] = (grid.qform[0], *grid.pixdim)
    header["xyzt_units"] = grid.xyzt_units
    header["intent_code"] = intent
    header["scl_slope"], header["scl_inter"] = slope, intercept
    header["cal_max"] = int(native.max(initial=0)) if intent == LABEL_INTENT else 0
    _set_forms(header, grid)
    header["descrip"] = description.encode()
    extensions = _extensions(comment)
    header["vox_offset"] = len(header.binaryblock) + len(extensions)
    header["magic"] = header.single_magic
    # without a name, which would be the temporary one, the same voxels give the same bytes
    with replacing(path) as stream, _packing(stream) as packed:
        packed.write(header.binaryblock)
        packed.write(extensions)
        for volume in [native] if native.ndim == 3 else np.moveaxis(native, 3, 0):
            for slab in _slabs(volume):
                packed.write(slab)


def _packing(stream: IO[bytes]) -> IO[bytes]:
    from isal import igzip

    return cast(IO[bytes], igzip.IGzipFile("", "wb", FASTEST, stream, mtime=0))  # type: ignore[no-untyped-call]


def _slabs(native: Array) -> Iterator[memoryview]:
    """Yield the voxels (I, J, K) in the order of a file, the first axis fastest, some slices at a time."""
    slices = native.T
    count = max(1, SLAB_BYTES // max(1, slices[:1].nbytes))
    for start in range(0, len(slices), count):
        part = slices[start : start + count]
        out = np.empty(part.shape, part.dtype)
        copy_planes(out, part)
        yield out.reshape(-1).data


def _extensions(comment: str) -> bytes:
    """Return what stands between header and voxels: whether there is an extension, and the one of a comment."""
    if not comment:
        return bytes(4)
    said = comment.encode()
    size = -(-(8 + len(said)) // EXTENSION_STEP) * EXTENSION_STEP
    return bytes([1, 0, 0, 0]) + struct.pack("<ii", size, COMMENT) + said.ljust(size - 8, b"\0")


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
