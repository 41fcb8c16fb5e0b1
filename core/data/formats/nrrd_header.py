"""The lines of text that a NRRD file starts with: what they claim, checked before a voxel is read.

Reference: the format's own definition, "Definition of NRRD File Format" of the Teem library, versions 1 to 5.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.data import limits
from core.data.formats.findings import refusal
from core.data.formats.gzip_bounded import DamagedFileError

MAGIC = b"NRRD000"
TYPES = {
    name: code
    for code, names in {
        "i1": "signed char, int8, int8_t",
        "u1": "uchar, unsigned char, uint8, uint8_t",
        "i2": "short, short int, signed short, signed short int, int16, int16_t",
        "u2": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
        "i4": "int, signed int, int32, int32_t",
        "u4": "uint, unsigned int, uint32, uint32_t",
        "i8": "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t",
        "u8": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
        "f4": "float",
        "f8": "double",
    }.items()
    for name in names.split(", ")
}
Encoding = Literal["raw", "gzip", "bzip2", "text"]
ENCODINGS: dict[str, Encoding] = {
    "raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2",
    "ascii": "text", "text": "text", "txt": "text",
}  # fmt: skip
ORDERS: dict[str, Literal["<", ">"]] = {"little": "<", "big": ">"}
SPATIAL_KINDS = ("domain", "space", "???")
VECTORS = re.compile(r"none|\([^()]*\)")  # of space directions: `none` stands for an axis that is not of space
Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class NrrdHeader:
    """What a header says of its voxels.

    Attributes:
        fields: every field by its name, lower case, as text; private keys are left out.
        header_bytes: length of the header, up to the voxels of an attached file.
        dtype: of a voxel, byte order included.
        sizes: samples along each axis, the fastest first.
        channel_axis: which of them holds channels, if one does.
        encoding: how the voxels are packed.
    """

    fields: Fields
    header_bytes: int
    dtype: np.dtype[Any]
    sizes: tuple[int, ...]
    channel_axis: int | None
    encoding: Encoding

    @property
    def spatial_axes(self) -> tuple[int, ...]:
        return tuple(axis for axis in range(len(self.sizes)) if axis != self.channel_axis)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(I, J, K); K is 1 for a picture."""
        i, j, k = [*(self.sizes[axis] for axis in self.spatial_axes), 1][:3]
        return i, j, k

    @property
    def voxel_bytes(self) -> int:
        return math.prod(self.sizes) * self.dtype.itemsize


def read_header(path: Path) -> NrrdHeader:
    """Read the lines up to the first empty one and check what they claim.

    Raises:
        DamagedFileError: a field is missing or makes no sense.
        InputRefusedError: it is not NRRD, or announces something that is no image of real numbers.
    """
    fields, length = _fields(path)
    sizes = tuple(whole_numbers(fields, "sizes"))
    if (dimension := whole_numbers(fields, "dimension")) != [len(sizes)]:
        raise DamagedFileError(f"dimension {dimension[0]} and {len(sizes)} sizes; expected as many")
    encoding = ENCODINGS.get(required(fields, "encoding").lower())
    if encoding is None:
        expected = "raw, gzip, bzip2 or text"
        raise refusal("nrrd_encoding", f"the encoding {fields['encoding']!r}", expected, "save it with one of these")
    header = NrrdHeader(fields, length, _dtype(fields, encoding), sizes, _channel_axis(fields, len(sizes)), encoding)
    _check_size(header)
    return header


def required(fields: Fields, name: str) -> str:
    """Return a field's text.

    Raises:
        DamagedFileError: the header lacks it.
    """
    if name not in fields:
        raise DamagedFileError(f"a NRRD header without its field {name!r}")
    return fields[name]


def whole_numbers(fields: Fields, name: str) -> list[int]:
    """Return a field's numbers, at least one.

    Raises:
        DamagedFileError: the header lacks it, or it holds something else.
    """
    text = required(fields, name)
    try:
        numbers = [int(word) for word in text.split()]
    except ValueError:
        numbers = []
    if not numbers:
        raise DamagedFileError(f"a field {name!r} that is {text[:40]!r}; expected whole numbers")
    return numbers


def _fields(path: Path) -> tuple[Fields, int]:
    fields: Fields = {}
    with path.open("rb") as stream:
        first = stream.readline(limits.MAX_TEXT_HEADER_BYTES)
        if not (first.startswith(MAGIC) and first[len(MAGIC) :].strip() in (b"1", b"2", b"3", b"4", b"5")):
            fix = "check that the file is what its name says"
            raise refusal(
                "not_nrrd", "a file that is not NRRD (its first line is not NRRD0001 to NRRD0005)", "NRRD", fix
            )
        while line := stream.readline(limits.MAX_TEXT_HEADER_BYTES):
            if stream.tell() > limits.MAX_TEXT_HEADER_BYTES:
                raise DamagedFileError(f"a NRRD header of more than {limits.MAX_TEXT_HEADER_BYTES:,} bytes")
            if not line.strip(b"\r\n"):
                break
            name, colon, value = line.decode("utf-8", "replace").partition(":")
            if colon and not value.startswith("=") and not name.startswith("#"):
                fields[name.strip().lower()] = value.strip()
        return fields, stream.tell()


def _dtype(fields: Fields, encoding: Encoding) -> np.dtype[Any]:
    name = " ".join(required(fields, "type").lower().split())
    if name not in TYPES:
        raise refusal(
            "unknown_voxel_type", f"voxels of type {name[:40]!r}", "integers or real numbers", "export the image again"
        )
    dtype = np.dtype(TYPES[name])
    if dtype.itemsize == 1 or encoding == "text":
        return dtype
    order = required(fields, "endian").lower()
    if order not in ORDERS:
        raise DamagedFileError(f"the byte order {order[:40]!r}; expected little or big")
    return dtype.newbyteorder(ORDERS[order])


def _channel_axis(fields: Fields, dimension: int) -> int | None:
    kinds = fields.get("kinds", "").lower().split()
    if any("complex" in kind for kind in kinds):
        raise refusal(
            "complex_voxels", "complex numbers as voxels", "integers or real numbers", "export the magnitude image"
        )
    roles = VECTORS.findall(fields.get("space directions", "").lower()) or kinds
    if roles and len(roles) != dimension:
        raise DamagedFileError(f"{len(roles)} space directions or kinds for {dimension} axes")
    axes = [axis for axis, role in enumerate(roles) if not role.startswith("(") and role not in SPATIAL_KINDS]
    if not axes and dimension == 4:
        axes = [3]
    if len(axes) > 1 or dimension - len(axes) not in (2, 3) or any("matrix" in kind for kind in kinds):
        found = f"{dimension - len(axes)} axes of space and {len(axes)} others"
        expected = "two or three axes of space and at most one of channels"
        raise refusal("not_an_image", found, expected, "choose the image that it belongs to, or save its parts")
    return axes[0] if axes else None


def _check_size(header: NrrdHeader) -> None:
    spatial = [header.sizes[axis] for axis in header.spatial_axes]
    if any(not 1 <= n <= limits.MAX_DIMENSION for n in spatial) or min(header.sizes) < 1:
        raise DamagedFileError(f"sizes {list(header.sizes)}; expected 1 to {limits.MAX_DIMENSION} along each axis")
    if header.channel_axis is not None and header.sizes[header.channel_axis] > limits.MAX_CHANNELS:
        found = f"a series of {header.sizes[header.channel_axis]} volumes"
        expected = f"one volume, or at most {limits.MAX_CHANNELS} channels of one"
        raise refusal("time_series", found, expected, "save the volume or the mean that is meant as a 3-D file")
    if header.voxel_bytes > limits.MAX_VOLUME_BYTES:
        raise refusal(
            "too_large",
            f"a header that claims {header.voxel_bytes:,} bytes of voxels",
            f"at most {limits.MAX_VOLUME_BYTES:,}",
            "crop or resample the image first, if the header is right",
        )
    if header.encoding == "text" and math.prod(header.sizes) > limits.MAX_TEXT_VALUES:
        found = f"{math.prod(header.sizes):,} numbers written out as text"
        raise refusal("too_large", found, f"at most {limits.MAX_TEXT_VALUES:,}", "save it with the encoding gzip")
