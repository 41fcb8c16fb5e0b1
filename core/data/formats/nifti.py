"""NIfTI-1 and NIfTI-2 single files, `.nii` and `.nii.gz`, three-dimensional.

Reference: Cox et al., "A (sort of) new image data format standard: NIfTI-1", 2004; the header is
parsed by nibabel, the voxels are read here, bounded by what the header claims.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.data import limits
from core.data.formats.gzip_bounded import BoundedReader, DamagedFileError
from core.data.formats.spec import Files, FormatSpec, channel_as_mask
from core.data.image import StoredImage
from core.volume import Grid

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

NIFTI1_BYTES = 348
NIFTI2_BYTES = 540


def read_nifti(path: Path) -> StoredImage:
    """Read one image, to the last byte, checksum included.

    Raises:
        DamagedFileError: the file is truncated, corrupt, or not a 3-D NIfTI image of real numbers.
        OSError: the file cannot be opened.
    """
    reader = BoundedReader(path)
    header, consumed = _read_header(reader)
    shape = _shape(header)
    dtype = _dtype(header)
    claimed = int(np.prod(shape)) * dtype.itemsize
    if claimed > limits.MAX_VOLUME_BYTES:
        raise DamagedFileError(f"a header that claims {claimed:,} bytes of voxels (limit {limits.MAX_VOLUME_BYTES:,})")
    offset = float(header["vox_offset"])  # NIfTI-1 keeps it as a real number, which may be NaN
    if not consumed <= offset <= consumed + limits.MAX_EXTENSION_BYTES:
        raise DamagedFileError(
            f"voxels at byte {offset:.0f}; expected them right behind the header, at {consumed} or later"
        )
    reader.read(int(offset) - consumed)
    stored = np.frombuffer(reader.read(claimed), dtype).reshape(shape, order="F")
    reader.finish(spare=limits.GZIP_TRAILING_BYTES)
    slope, intercept = _scaling(header)
    native = stored.astype(dtype.newbyteorder("="), copy=False)
    return StoredImage(native[np.newaxis], (slope,), (intercept,), _grid(header, shape))


def _read(files: Files) -> StoredImage:
    if len(files) != 1:
        raise DamagedFileError(f"{len(files)} files for one NIfTI image; expected one")
    return read_nifti(files[0])


def _read_header(reader: BoundedReader) -> tuple[Nifti1Header, int]:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    first = reader.read(NIFTI1_BYTES)
    sizes = {int(np.frombuffer(first[:4], order)[0]) for order in ("<i4", ">i4")}
    if NIFTI1_BYTES in sizes:
        header = Nifti1Header(bytes(first), check=False)
        consumed = NIFTI1_BYTES
    elif NIFTI2_BYTES in sizes:
        consumed = NIFTI2_BYTES
        header = Nifti2Header(bytes(first + reader.read(consumed - NIFTI1_BYTES)), check=False)
    else:
        raise DamagedFileError("a file that is not NIfTI (its first number is neither 348 nor 540)")
    if not bytes(header["magic"].tobytes()).startswith((b"n+1", b"n+2")):
        raise DamagedFileError("a NIfTI header without its voxels (half of a .hdr/.img pair, or not NIfTI)")
    return header, consumed


def _shape(header: Any) -> tuple[int, int, int]:
    rank = int(header["dim"][0])
    if not 2 <= rank <= 7:
        raise DamagedFileError(f"an image of {rank} dimensions; expected 3")
    dims = [int(n) for n in header["dim"][1 : rank + 1]]
    if any(not 1 <= n <= limits.MAX_DIMENSION for n in dims):
        raise DamagedFileError(f"dimensions {dims}; expected 1 to {limits.MAX_DIMENSION} voxels along each axis")
    if any(n != 1 for n in dims[3:]):
        raise DamagedFileError(f"an image of shape {tuple(dims)}; expected one 3-D volume per file")
    i, j, k = [*dims, 1, 1][:3]
    return i, j, k


def _dtype(header: Any) -> np.dtype[Any]:
    from nibabel.spatialimages import HeaderDataError

    try:
        dtype: np.dtype[Any] = header.get_data_dtype()
    except (HeaderDataError, KeyError):  # NIfTI-1's table raises one, NIfTI-2's the other
        raise DamagedFileError(f"voxels of the unknown type {int(header['datatype'])}") from None
    if dtype.kind not in "iuf":
        raise DamagedFileError(f"voxels of type {dtype}; only integer and real types make an image")
    return dtype


def _scaling(header: Any) -> tuple[float, float]:
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0:  # the standard's way to say "no scaling"
        return 1.0, 0.0
    if not np.isfinite([slope, intercept]).all():
        raise DamagedFileError(f"scl_slope {slope} and scl_inter {intercept}; expected finite numbers (or slope 0)")
    return slope, intercept


def _grid(header: Any, shape: tuple[int, int, int]) -> Grid:
    affine = _affine(header)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise DamagedFileError("an affine that is singular or not finite, so voxels have no place in the patient")
    x, y, z = (float(v) for v in header["pixdim"][1:4])
    return Grid(
        shape=shape,
        affine=affine,
        sform_code=int(header["sform_code"]),
        qform_code=int(header["qform_code"]),
        qform=(
            float(header["pixdim"][0]),
            *(float(header[name]) for name in ("quatern_b", "quatern_c", "quatern_d")),
            *(float(header[name]) for name in ("qoffset_x", "qoffset_y", "qoffset_z")),
        ),
        pixdim=(x, y, z),
        xyzt_units=int(header["xyzt_units"]),
    )


def _affine(header: Any) -> npt.NDArray[np.float64]:
    from nibabel.spatialimages import HeaderDataError

    lenient = header.copy()
    if lenient["pixdim"][0] == 0:  # the standard reads a missing handedness as 1
        lenient["pixdim"][0] = 1
    try:
        return np.asarray(lenient.get_best_affine(), np.float64)
    except (HeaderDataError, ValueError) as error:
        raise DamagedFileError(f"a quaternion or voxel sizes that give no affine ({error})") from None


NIFTI = FormatSpec(
    name="nifti",
    title="NIfTI-1 and NIfTI-2, one 3-D volume per file",
    suffixes=(".nii", ".nii.gz"),
    read=_read,
    read_mask=channel_as_mask(_read),
)
