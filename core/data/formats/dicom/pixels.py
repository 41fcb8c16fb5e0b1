"""From the planes of a series to numbers: read or decompressed straight into one array, high bits cleared.

Reference: DICOM PS3.5, section 8.1.1 (bits allocated, bits stored, high bit).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

import numpy as np

from core.data import limits
from core.data.formats.dicom.codecs import CODECS, JPEG, RLE, UNSUPPORTED, Shape
from core.data.formats.dicom.fragments import frame_bytes
from core.data.formats.dicom.frames import Frame
from core.data.formats.dicom.header import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Header
from core.data.formats.findings import refusal
from core.data.formats.gzip_bounded import DamagedFileError
from core.volume import Array

PLAIN = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED})
DECODING_THREADS = 2
# Pillow, which decodes these, releases the interpreter lock; the codecs of JPEG-LS and JPEG 2000 do not
SIDE_BY_SIDE = frozenset({RLE, f"{JPEG}50", f"{JPEG}51"})


def shape_of(header: Header) -> Shape:
    """Return what a file says of its frames."""
    said = header.elements
    return Shape(
        rows=said.integer("Rows", 0),
        columns=said.integer("Columns", 0),
        allocated=said.integer("BitsAllocated", 0),
        stored=said.integer("BitsStored", 0),
        signed=said.integer("PixelRepresentation", 0) == 1,
    )


def read_pixels(frames: Sequence[Frame]) -> Array:
    """Return the planes' stored numbers, (N, rows, columns), in the narrowest signed or unsigned type they claim.

    Raises:
        DamagedFileError: pixels are missing or corrupt, or claim more than a volume may hold.
        InputRefusedError: they are compressed in a way that cannot be read.
    """
    shape = shape_of(frames[0].header)
    needed = len(frames) * shape.size * shape.container.itemsize
    if needed > limits.MAX_VOLUME_BYTES:
        raise DamagedFileError(f"a series of {needed:,} bytes of pixels (limit {limits.MAX_VOLUME_BYTES:,})")
    files = [list(members) for _, members in groupby(enumerate(frames), key=lambda pair: id(pair[1].header))]
    for members in files:
        _require_pixels(members[0][1].header, shape)
    raw = np.empty((len(frames), shape.rows, shape.columns), shape.container)
    if frames[0].header.syntax in SIDE_BY_SIDE:
        with ThreadPoolExecutor(DECODING_THREADS) as pool:
            for done in [pool.submit(_read_file, raw, members, shape) for members in files]:
                done.result()
    else:
        for members in files:
            _read_file(raw, members, shape)
    return raw.view(f"i{shape.allocated // 8}") if shape.signed else raw


def _require_pixels(header: Header, shape: Shape) -> None:
    """Check that a file can hold what it claims.

    Raises:
        DamagedFileError: it ends before its pixels do.
        InputRefusedError: its syntax cannot be read.
    """
    assert header.pixels is not None
    if header.syntax not in PLAIN:
        if header.syntax not in CODECS:
            what = UNSUPPORTED.get(header.syntax, "an unknown way")
            known = "uncompressed, RLE, JPEG baseline, JPEG-LS or JPEG 2000"
            fix = "have it exported uncompressed or as lossless JPEG 2000"
            raise refusal("unsupported_syntax", f"pixels compressed as {what}", known, fix)
        return
    there = len(header.content) if header.content is not None else header.path.stat().st_size
    there -= header.pixels.offset
    if header.pixels.length is not None:
        there = min(there, header.pixels.length)
    needed = header.elements.integer("NumberOfFrames", 1) * shape.size * shape.container.itemsize
    if there < needed:
        raise DamagedFileError(f"{there:,} bytes of pixels where {needed:,} were expected (a truncated file)")


def _read_file(raw: Array, members: list[tuple[int, Frame]], shape: Shape) -> None:
    """Fill in the planes that one file holds; `members` are (place in `raw`, frame)."""
    header = members[0][1].header
    if header.syntax in PLAIN:
        _read_plain(raw, members, shape)
    else:
        decode = CODECS[header.syntax]
        parts = frame_bytes(header, header.elements.integer("NumberOfFrames", 1))
        for place, frame in members:
            raw[place] = decode(parts[frame.index], shape)
    high = header.elements.integer("HighBit", shape.stored - 1) if header.syntax in PLAIN else shape.stored - 1
    for place, _ in members:
        _clear_spare_bits(raw[place], shape, high)


def _read_plain(raw: Array, members: list[tuple[int, Frame]], shape: Shape) -> None:
    header = members[0][1].header
    assert header.pixels is not None
    length = shape.size * shape.container.itemsize
    if header.content is not None:
        for place, frame in members:
            part = header.bytes_from(header.pixels.offset + frame.index * length, length)
            raw[place] = np.frombuffer(part, shape.container).reshape(shape.rows, shape.columns)
    else:
        with header.path.open("rb", buffering=0) as stream:
            for place, frame in members:
                stream.seek(header.pixels.offset + frame.index * length)
                if stream.readinto(raw[place].reshape(-1).view(np.uint8)) != length:
                    raise DamagedFileError("pixels that end early (a truncated file)")
    if not header.little:
        for place, _ in members:
            raw[place].byteswap(inplace=True)


def _clear_spare_bits(plane: Array, shape: Shape, high: int) -> None:
    """Keep a plane's value bits only, in place: overlays and noise may stand in the others."""
    spare = shape.allocated - shape.stored
    if not spare:
        return
    below = min(max(high + 1 - shape.stored, 0), spare)
    if shape.signed:
        numbers = plane.view(f"i{shape.allocated // 8}")
        numbers <<= spare - below
        numbers >>= spare
    else:
        if below:
            plane >>= below
        plane &= plane.dtype.type((1 << shape.stored) - 1)
