"""Decompress one frame: RLE, JPEG, JPEG-LS, JPEG 2000; each checks the size it claims before it is decoded.

Reference: DICOM PS3.5, Annex G (RLE); ISO/IEC 10918-1, 14495-1 and 15444-1 for the headers of a codestream.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.data.formats.findings import refusal
from core.data.formats.gzip_bounded import DamagedFileError
from core.volume import Array

JPEG = "1.2.840.10008.1.2.4."
RLE = "1.2.840.10008.1.2.5"
SIZ = b"\xff\x4f\xff\x51"  # start of a JPEG 2000 codestream and the marker of its size
# markers of a JPEG or JPEG-LS frame header, which holds precision, height, width and components
FRAME_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Shape:
    """What the file says of a frame.

    Attributes:
        rows: of pixels.
        columns: of pixels.
        allocated: bits of a pixel's container.
        stored: bits of its value.
        signed: whether the value is signed.
    """

    rows: int
    columns: int
    allocated: int
    stored: int
    signed: bool

    @property
    def container(self) -> np.dtype[np.unsignedinteger]:
        """The unsigned type that holds a pixel."""
        return np.dtype(f"u{self.allocated // 8}")

    @property
    def size(self) -> int:
        return self.rows * self.columns


def _rle(frame: bytes, shape: Shape) -> Array:
    """Return (rows, columns) of the container type; the segments are the pixels' bytes, the high ones first."""
    from PIL import Image

    width = shape.allocated // 8
    if len(frame) < 64:
        raise DamagedFileError(f"{len(frame)} bytes of RLE data; expected a header of 64 (a truncated file)")
    count, *offsets = struct.unpack("<16I", frame[:64])
    if count != width:
        raise DamagedFileError(f"{count} RLE segments for pixels of {width} bytes")
    ends = [*offsets[1:count], len(frame)]
    planes = np.empty((shape.size, width), np.uint8)
    for index, (begin, end) in enumerate(zip(offsets, ends, strict=False)):
        if not 64 <= begin < end <= len(frame):
            raise DamagedFileError("RLE segments that lie outside their frame")
        try:
            # one long row: some writers let runs cross from row to row
            plane = Image.frombytes("L", (shape.size, 1), frame[begin:end], "packbits", "L")
        except ValueError:
            raise DamagedFileError("an RLE segment that ends before its pixels do (a truncated file)") from None
        planes[:, width - 1 - index] = np.frombuffer(plane.tobytes(), np.uint8)
    return planes.view(shape.container.newbyteorder("<")).reshape(shape.rows, shape.columns)


def _jpeg(frame: bytes, shape: Shape) -> Array:
    from PIL import Image, ImageFile

    ImageFile.LOAD_TRUNCATED_IMAGES = False  # whoever else shares the process: half a picture is damage

    precision = _require_size(_jpeg_header(frame), shape)
    if precision != 8:
        found = f"a JPEG of {precision} bits"
        raise refusal("unsupported_syntax", found, "8 bits", "have it exported uncompressed or as lossless JPEG 2000")
    try:
        with Image.open(io.BytesIO(frame), formats=["JPEG"]) as picture:
            return np.asarray(picture.convert("L"))
    except (OSError, ValueError, SyntaxError):
        raise DamagedFileError("JPEG data that cannot be decoded") from None


def _jpeg_ls(frame: bytes, shape: Shape) -> Array:
    import jpeg_ls  # type: ignore[import-untyped]  # shipped without types

    _require_size(_jpeg_header(frame), shape)
    try:
        decoded, _ = jpeg_ls.decode_buffer(frame)
    except (RuntimeError, ValueError, MemoryError):
        raise DamagedFileError("JPEG-LS data that cannot be decoded") from None
    return _samples(decoded, shape)


def _jpeg_2000(frame: bytes, shape: Shape) -> Array:
    from openjpeg.utils import decode_pixel_data

    header = _jpeg_2000_header(frame)
    precision = _require_size(header, shape)
    try:
        decoded = bytes(decode_pixel_data(frame, version=2))
    except (RuntimeError, ValueError, MemoryError):
        raise DamagedFileError("JPEG 2000 data that cannot be decoded") from None
    pixels = _samples(decoded, shape)
    # an unsigned codestream of signed pixels has their sign at its own highest bit
    lost = 0 if header.signed else pixels.dtype.itemsize * 8 - precision
    if shape.signed and lost:
        sign = pixels.dtype.str.replace("u", "i")
        pixels = ((pixels << lost).view(sign) >> lost).view(pixels.dtype)
    return pixels


def _samples(decoded: bytes | bytearray, shape: Shape) -> Array:
    """Return decoded little-endian samples as (rows, columns), of as many bytes as there are."""
    width = len(decoded) // shape.size
    if width * shape.size != len(decoded) or width not in {1, 2, 4}:
        raise DamagedFileError(f"{len(decoded):,} decoded bytes for {shape.size:,} pixels")
    return np.frombuffer(decoded, f"<u{width}").reshape(shape.rows, shape.columns)


@dataclass(frozen=True, slots=True)
class _Codestream:
    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False


def _require_size(found: _Codestream, shape: Shape) -> int:
    if (found.rows, found.columns, found.components) != (shape.rows, shape.columns, 1):
        raise DamagedFileError(
            f"compressed pixels of {found.rows:,} x {found.columns:,} x {found.components}; "
            f"expected {shape.rows:,} x {shape.columns:,} x 1 as the header says"
        )
    return found.precision


def _jpeg_header(frame: bytes) -> _Codestream:
    at = 2
    while at + 9 < len(frame) and frame[at] == 0xFF:
        if frame[at + 1] == 0xFF:  # padding between markers
            at += 1
        elif frame[at + 1] in FRAME_MARKERS:
            precision, rows, columns, components = struct.unpack_from(">BHHB", frame, at + 4)
            return _Codestream(rows, columns, components, precision)
        else:
            at += 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
    raise DamagedFileError("compressed pixels without a JPEG frame header")


def _jpeg_2000_header(frame: bytes) -> _Codestream:
    at = frame.find(SIZ)
    if at < 0 or at + 44 > len(frame):
        raise DamagedFileError("compressed pixels without a JPEG 2000 header")
    right, bottom, left, top = struct.unpack_from(">4I", frame, at + 8)
    components, depth = struct.unpack_from(">HB", frame, at + 40)
    return _Codestream(bottom - top, right - left, components, (depth & 0x7F) + 1, bool(depth & 0x80))


CODECS: dict[str, Callable[[bytes, Shape], Array]] = {
    RLE: _rle,
    f"{JPEG}50": _jpeg,
    f"{JPEG}51": _jpeg,
    f"{JPEG}80": _jpeg_ls,
    f"{JPEG}81": _jpeg_ls,
    f"{JPEG}90": _jpeg_2000,
    f"{JPEG}91": _jpeg_2000,
    f"{JPEG}201": _jpeg_2000,
    f"{JPEG}202": _jpeg_2000,
    f"{JPEG}203": _jpeg_2000,
}
UNSUPPORTED = {
    f"{JPEG}53": "JPEG, spectral selection",
    f"{JPEG}55": "JPEG, full progression",
    f"{JPEG}57": "JPEG lossless",
    f"{JPEG}70": "JPEG lossless, first-order prediction",
}
