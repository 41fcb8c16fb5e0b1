"""NIfTI-1 and NIfTI-2, `.nii` and `.hdr/.img`, plain and gzipped, of one volume or a few channels of one.

The header is checked first (`nifti_header`), then the voxels are read, bounded by what it claims.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.data import limits
from core.data.formats.findings import refusal
from core.data.formats.gzip_bounded import BoundedReader, DamagedFileError
from core.data.formats.nifti_grid import grid_of
from core.data.formats.nifti_header import NiftiHeader, read_header
from core.data.formats.spec import Files, FormatSpec, channel_as_mask
from core.data.image import StoredImage

HALVES = {".hdr": ".img", ".img": ".hdr"}
GZIPPED = ".gz"


def read_nifti(path: Path) -> StoredImage:
    """Read one image, to the last byte, checksum included.

    Args:
        path: the `.nii`, or either half of a `.hdr/.img` pair; the other half lies beside it.

    Raises:
        DamagedFileError: a file is truncated, corrupt, or makes no sense.
        InputRefusedError: it is whole, but not an image of real numbers with a place in the patient.
        OSError: a file cannot be opened.
    """
    header_path, voxel_path = _halves(path)
    with BoundedReader(header_path) as reader:
        header = read_header(reader)
        if header.single:
            return _image(header, _voxels(reader, header, header.header_bytes))
        if voxel_path is None:
            raise _half_missing(path)
        reader.finish(spare=limits.MAX_EXTENSION_BYTES)
    with BoundedReader(voxel_path) as reader:
        return _image(header, _voxels(reader, header, 0))


def _read(files: Files) -> StoredImage:
    if len(files) != 1:
        raise DamagedFileError(f"{len(files)} files for one NIfTI image; expected one")
    return read_nifti(files[0])


def _voxels(reader: BoundedReader, header: NiftiHeader, already_read: int) -> npt.NDArray[np.uint8]:
    reader.read(header.bytes_before_voxels(already_read))
    voxels = reader.read_array(header.voxel_bytes)
    reader.finish(spare=limits.GZIP_TRAILING_BYTES)
    return voxels


def _image(header: NiftiHeader, voxels: npt.NDArray[np.uint8]) -> StoredImage:
    i, j, k = header.shape
    stored = voxels.view(header.dtype).reshape((header.channels, k, j, i)).transpose(0, 3, 2, 1)
    grid, findings = grid_of(header)
    native = stored.astype(header.dtype.newbyteorder("="), copy=False)
    slope, intercept = (header.slope,) * header.channels, (header.intercept,) * header.channels
    return StoredImage(native, slope, intercept, grid, findings)


def _halves(path: Path) -> tuple[Path, Path | None]:
    """Return where the header is, and where the voxels are if they have a file of their own."""
    name, packed = path.name, ""
    if name.lower().endswith(GZIPPED):
        name, packed = name[: -len(GZIPPED)], name[-len(GZIPPED) :]
    stem, ending = name[:-4], name[-4:]
    if ending.lower() not in HALVES:
        return path, None
    other = HALVES[ending.lower()]
    other = other.upper() if ending.isupper() else other
    beside = (path.with_name(f"{stem}{other}{packing}") for packing in dict.fromkeys((packed, "", GZIPPED)))
    twin = next((file for file in beside if file.is_file()), None)
    if ending.lower() == ".hdr":
        return path, twin
    if twin is None:
        raise _half_missing(path)
    return twin, path


def _half_missing(path: Path) -> Exception:
    name = path.name.lower().removesuffix(GZIPPED)
    missing = HALVES.get(name[-4:], ".img")
    have = "voxels without their header" if missing == ".hdr" else "a header without its voxels"
    fix = f"put the {missing} file beside it, under the same name"
    return refusal("half_pair", f"{have} (half of a .hdr/.img pair)", "both halves in one folder", fix)


NIFTI = FormatSpec(
    name="nifti",
    title="NIfTI-1 and NIfTI-2, one file or a .hdr/.img pair, of one volume or a few channels of one",
    suffixes=(".nii", ".nii.gz", ".hdr", ".hdr.gz", ".img", ".img.gz"),
    read=_read,
    read_mask=channel_as_mask(_read),
)
