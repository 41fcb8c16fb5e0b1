"""NumPy's `.npy`: slices (H, W) and (H, W, C), and stacks of them (D, H, W, C), without geometry.

Reference: numpy.lib.format, versions 1.0 to 3.0; nothing is ever unpickled.
"""

from __future__ import annotations

import math
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np

from core.data import limits
from core.data.formats.findings import refusal, warning
from core.data.formats.gzip_bounded import BoundedReader, DamagedFileError
from core.data.formats.spec import Files, FormatSpec, channel_as_mask
from core.data.image import StoredImage, plain_image
from core.data.refusal import Finding
from core.volume import Array, Grid

MAGIC = b"\x93NUMPY"
HEADER_CHARACTERS = 4096  # a plain array's header has a hundred
# numpy evaluates the header as a literal, which fails in as many ways as there are literals
BAD_LITERAL = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    SyntaxError,
    TokenError,
    RecursionError,
    MemoryError,
)
Claim = tuple[tuple[int, ...], bool, np.dtype[Any]]


def read_npy(path: Path) -> StoredImage:
    """Read an array as a picture, or as a stack of pictures.

    Returns:
        (C, column, row, slice); no slope and no geometry.

    Raises:
        DamagedFileError: the file is truncated or makes no sense.
        InputRefusedError: it is an array, but not of pictures of real numbers.
        OSError: the file cannot be opened.
    """
    with path.open("rb") as stream:
        shape, fortran, dtype = _claim(stream)
        start = stream.tell()
    _check(shape, dtype)
    with BoundedReader(path, start, "raw") as reader:
        content = reader.read_array(math.prod(shape) * dtype.itemsize)
        reader.finish(spare=0)
    array = content.view(dtype).reshape(shape, order="F" if fortran else "C")
    slices, findings = _slices(array)
    if dtype.kind == "b":
        slices = slices.view(np.uint8)
    stored = slices.transpose(3, 2, 1, 0)
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    i, j, k = native.shape[1:]
    return plain_image(native, Grid((i, j, k)), findings)


def _read(files: Files) -> StoredImage:
    if len(files) != 1:
        raise DamagedFileError(f"{len(files)} files for one array; expected one")
    return read_npy(files[0])


def _claim(stream: IO[bytes]) -> Claim:
    from numpy.lib import format as npy

    if stream.read(len(MAGIC)) != MAGIC:
        fix = "check that the file is what its name says"
        raise refusal("not_npy", "a file that is not a NumPy array (.npy)", "the mark \\x93NUMPY at its start", fix)
    stream.seek(0)
    try:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(stream, max_header_size=HEADER_CHARACTERS)
    except BAD_LITERAL as error:
        raise DamagedFileError(f"a .npy header that cannot be read ({type(error).__name__})") from None
    return tuple(shape), bool(fortran), dtype


def _check(shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    expected = "integers or real numbers"
    if dtype.kind == "c":
        raise refusal("complex_voxels", "complex numbers", expected, "save their magnitude")
    if dtype.kind not in "biuf":
        kind = "pickled Python objects, which are never opened" if dtype.hasobject else f"elements of type {dtype}"
        raise refusal("unknown_voxel_type", kind, expected, "save the array as numbers")
    if len(shape) not in (2, 3, 4):
        found, fix = f"an array of {len(shape)} dimensions", "save each image as a file of its own"
        raise refusal("not_an_image", found, "(H, W), (H, W, C) or (D, H, W, C)", fix)
    if any(not 1 <= n <= limits.MAX_DIMENSION for n in shape):
        raise DamagedFileError(f"an array of shape {shape}; expected 1 to {limits.MAX_DIMENSION} along each axis")
    if len(shape) == 4 and shape[3] > limits.MAX_CHANNELS:
        found, fix = f"an array of shape {shape}", "save it as (D, H, W, C), or each channel as a file of its own"
        raise refusal("not_an_image", found, f"at most {limits.MAX_CHANNELS} channels along the last axis", fix)
    claimed = math.prod(shape) * dtype.itemsize
    if claimed > limits.MAX_VOLUME_BYTES:
        found = f"a header that claims {claimed:,} bytes"
        raise refusal("too_large", found, f"at most {limits.MAX_VOLUME_BYTES:,}", "save each part as a file of its own")


def _slices(array: Array) -> tuple[Array, tuple[Finding, ...]]:
    """Return the array as (D, H, W, C)."""
    if array.ndim == 2:
        return array[np.newaxis, :, :, np.newaxis], ()
    if array.ndim == 4:
        return array, ()
    if array.shape[2] <= limits.MAX_CHANNELS:
        return array[np.newaxis], ()
    found = f"an array of shape {array.shape}, read as {array.shape[0]} slices of one channel"
    fix = "save it as (H, W, C) if the first axis holds channels"
    return array[..., np.newaxis], (warning("axes_assumed", found, "(H, W, C), channels last", fix),)


NPY = FormatSpec(
    name="npy",
    title="NumPy array of a slice (H, W) or (H, W, C), or of slices (D, H, W, C)",
    suffixes=(".npy",),
    read=_read,
    read_mask=channel_as_mask(_read),
)
