"""NRRD, attached (`.nrrd`) and detached (`.nhdr`): raw, gzip, bzip2 and text, of one volume or a few channels of one.

The header is checked first (`nrrd_header`), then the voxels are read, bounded by what it claims.
"""

from __future__ import annotations

import math
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from core.data import limits
from core.data.formats.findings import refusal
from core.data.formats.gzip_bounded import BoundedReader, DamagedFileError
from core.data.formats.nrrd_grid import grid_of
from core.data.formats.nrrd_header import NrrdHeader, read_header, whole_numbers
from core.data.formats.spec import Files, FormatSpec, channel_as_mask
from core.data.image import StoredImage, plain_image
from core.volume import Array

LONGEST_NUMBER = 40  # characters of a number written out
AT_THE_END = -1  # byte skip that says: the voxels are the last bytes


def read_nrrd(path: Path) -> StoredImage:
    """Read one image, to the last byte.

    Args:
        path: the `.nrrd`, or the `.nhdr` whose voxels lie in a file in its folder or below.

    Raises:
        DamagedFileError: a file is truncated, corrupt, or makes no sense.
        InputRefusedError: it is whole, but not an image of real numbers.
        OSError: a file cannot be opened.
    """
    header = read_header(path)
    grid, findings = grid_of(header)
    voxels = _text(path, header) if header.encoding == "text" else _binary(path, header)
    stored = voxels.reshape(header.sizes, order="F")
    stored = stored[np.newaxis] if header.channel_axis is None else np.moveaxis(stored, header.channel_axis, 0)
    native = stored[..., np.newaxis] if stored.ndim == 3 else stored
    return plain_image(native.astype(native.dtype.newbyteorder("="), copy=False), grid, findings)


def _read(files: Files) -> StoredImage:
    if len(files) != 1:
        raise DamagedFileError(f"{len(files)} files for one NRRD image; expected one")
    return read_nrrd(files[0])


def _binary(path: Path, header: NrrdHeader) -> Array:
    data, start = _data(path, header)
    skip = whole_numbers(header.fields, "byte skip")[0] if "byte skip" in header.fields else 0
    if not AT_THE_END <= skip <= limits.MAX_EXTENSION_BYTES:
        raise DamagedFileError(f"a byte skip of {skip}; expected -1 to {limits.MAX_EXTENSION_BYTES:,}")
    if header.encoding == "raw" and skip == AT_THE_END:
        start, skip = max(start, data.stat().st_size - header.voxel_bytes), 0
    packing = "raw" if header.encoding == "text" else header.encoding
    with BoundedReader(data, start, packing) as reader:
        if skip == AT_THE_END:
            content = reader.rest(header.voxel_bytes + limits.MAX_EXTENSION_BYTES)
            if len(content) < header.voxel_bytes:
                raise DamagedFileError(f"{len(content):,} bytes where {header.voxel_bytes:,} were expected")
            return np.frombuffer(content, header.dtype, offset=len(content) - header.voxel_bytes)
        reader.read(skip)
        voxels = reader.read_array(header.voxel_bytes)
        if reader.rest(most=2).strip():  # a line's end may follow
            raise DamagedFileError("bytes that follow the voxels that the header announces")
    return voxels.view(header.dtype)


def _text(path: Path, header: NrrdHeader) -> Array:
    data, start = _data(path, header)
    count = math.prod(header.sizes)
    with BoundedReader(data, start, "raw") as reader:
        words = reader.rest(count * LONGEST_NUMBER).replace(b",", b" ").split()
    if len(words) != count:
        raise DamagedFileError(f"{len(words):,} numbers where {count:,} were expected")
    if max(map(len, words)) > LONGEST_NUMBER:
        raise DamagedFileError(f"a number of more than {LONGEST_NUMBER} characters")
    try:
        return _parsed(words, header.dtype)
    except (ValueError, OverflowError):
        raise DamagedFileError(f"a word among the voxels that is no number of type {header.dtype}") from None


def _parsed(words: list[bytes], dtype: np.dtype[np.generic]) -> Array:
    if dtype.kind == "f":
        return np.array(words).astype(dtype)
    numbers = [int(word) for word in words]
    return np.array(numbers, dtype)  # which raises OverflowError rather than wrap


def _data(path: Path, header: NrrdHeader) -> tuple[Path, int]:
    """Return the file that holds the voxels and the byte they start at, behind the lines to skip."""
    name = header.fields.get("data file", header.fields.get("datafile"))
    data, start = (path, header.header_bytes) if name is None else (_beside(path, name), 0)
    lines = whole_numbers(header.fields, "line skip")[0] if "line skip" in header.fields else 0
    if not lines:
        return data, start
    with data.open("rb") as stream:
        stream.seek(start)
        for _ in range(lines):
            if not stream.readline(limits.MAX_TEXT_HEADER_BYTES) or stream.tell() > start + limits.MAX_EXTENSION_BYTES:
                raise DamagedFileError(f"fewer than the {lines} lines to skip before the voxels")
        return data, stream.tell()


def _beside(path: Path, name: str) -> Path:
    """Return the data file that a header names: in its folder or below, wherever a stranger's header points."""
    words = name.split()
    if len(words) > 1 and (words[0].upper() == "LIST" or "%" in words[0]):
        expected, fix = "one data file", "save the image as one .nrrd file"
        raise refusal("nrrd_many_files", "a header whose voxels are spread over several files", expected, fix)
    parts = PureWindowsPath(name).parts
    if PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor or ".." in parts:
        expected, fix = "a file in the header's folder or below", "put both files into one folder"
        raise refusal("nrrd_data_elsewhere", "a header whose voxels lie outside its folder", expected, fix)
    data = path.parent / name
    if not data.is_file():
        raise refusal(
            "half_pair",
            "a header without its voxels (half of a detached NRRD)",
            "both files in one folder",
            "put the data file that the header names beside it",
        )
    return data


NRRD = FormatSpec(
    name="nrrd",
    title="NRRD, attached or detached, of one volume or a few channels of one",
    suffixes=(".nrrd", ".nhdr"),
    read=_read,
    read_mask=channel_as_mask(_read),
)
