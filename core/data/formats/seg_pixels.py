"""The pixels of a segmentation's frames: single bits, bytes or words, plain or compressed.

Reference: DICOM PS3.5, 8.1.1 and 8.2 (bits of a frame follow those of the one before without a gap).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from core.data.formats.dicom.codecs import CODECS, UNSUPPORTED
from core.data.formats.dicom.fragments import frame_bytes
from core.data.formats.dicom.header import Header
from core.data.formats.dicom.pixels import PLAIN, shape_of
from core.data.formats.findings import refusal
from core.data.formats.gzip_bounded import DamagedFileError
from core.volume import Array

ReadFrame = Callable[[int], Array]


def frame_reader(header: Header, frames: int) -> ReadFrame:
    """Return what reads one frame: its number from 0 to (rows, columns), uint8 or uint16.

    Raises (both):
        DamagedFileError: pixels are missing or corrupt.
        InputRefusedError: they are compressed in a way that cannot be read.
    """
    shape = shape_of(header)
    if header.pixels is None:
        raise DamagedFileError("a segmentation without pixels")
    if shape.allocated not in {1, 8, 16} or header.elements.integer("SamplesPerPixel", 1) != 1:
        raise DamagedFileError(f"pixels of {shape.allocated} bits; expected 1, 8 or 16")
    if header.syntax in PLAIN and (header.little or shape.allocated > 1):
        needed = -(-shape.size * shape.allocated * frames // 8)
        if header.pixels.length is not None and header.pixels.length < needed:
            raise DamagedFileError(f"{header.pixels.length:,} bytes of pixels where {needed:,} were expected")
        return partial(_plain, header)
    if header.syntax not in CODECS or shape.allocated == 1:
        what = UNSUPPORTED.get(header.syntax, "an unknown way")
        fix = "have it exported uncompressed"
        raise refusal("unsupported_syntax", f"pixels compressed as {what}", "uncompressed, RLE or JPEG 2000", fix)
    decode, parts = CODECS[header.syntax], frame_bytes(header, frames)
    return lambda index: decode(parts[index], shape)


def _plain(header: Header, index: int) -> Array:
    """Read a frame's bits from the bytes that hold them; only bits may begin within a byte."""
    assert header.pixels is not None
    shape = shape_of(header)
    begin, end = (shape.size * shape.allocated * n for n in (index, index + 1))
    length = -(-end // 8) - begin // 8
    raw = header.bytes_from(header.pixels.offset + begin // 8, length)
    if len(raw) < length:
        raise DamagedFileError(f"pixels that end within frame {index + 1} (a truncated file)")
    if shape.allocated > 1:
        pixels = np.frombuffer(raw, shape.container.newbyteorder("<" if header.little else ">"))
    else:
        pixels = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[begin % 8 :][: shape.size]
    return pixels.reshape(shape.rows, shape.columns)
