"""Compressed frames: taken out of their fragments.

Reference: DICOM PS3.5, A.4 (encapsulated pixel data).
"""

from __future__ import annotations

import struct

from core.data.formats.dicom.header import Header
from core.data.formats.gzip_bounded import DamagedFileError

ITEM, SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD
HEAD = struct.Struct("<HHI")
# what a compressed frame begins with: JPEG and JPEG-LS, JPEG 2000 bare and boxed
FRAME_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP")


def frame_bytes(header: Header, frames: int) -> list[bytes]:
    """Return each frame's compressed bytes.

    Raises:
        DamagedFileError: a fragment is cut off, or the fragments do not make up the frames.
    """
    assert header.pixels is not None
    fragments, starts = _fragments(header.bytes_from(header.pixels.offset, None))
    table, fragments, starts = fragments[0], fragments[1:], starts[1:]
    if len(fragments) == frames:
        return fragments
    if frames == 1:
        return [b"".join(fragments)]
    begins = _by_table(table, starts) or _by_start(fragments)
    if len(begins) != frames:
        raise DamagedFileError(f"{len(fragments)} fragments of pixels that do not make up {frames} frames")
    ends = [*begins[1:], len(fragments)]
    return [b"".join(fragments[begin:end]) for begin, end in zip(begins, ends, strict=True)]


def _fragments(wrapped: bytes) -> tuple[list[bytes], list[int]]:
    """Return the fragments, the table of offsets first, and where each begins."""
    found: list[bytes] = []
    starts: list[int] = []
    at = 0
    while at + HEAD.size <= len(wrapped):
        group, element, length = HEAD.unpack_from(wrapped, at)
        tag = group << 16 | element
        if tag == SEQUENCE_END and found:
            return found, starts
        if tag != ITEM:
            raise DamagedFileError("compressed pixels whose fragments do not follow each other")
        starts.append(at)
        at += HEAD.size
        if at + length > len(wrapped):
            raise DamagedFileError(
                f"{len(wrapped) - at:,} bytes of a fragment of {length:,} compressed bytes (a truncated file)"
            )
        found.append(wrapped[at : at + length])
        at += length
    if len(found) < 2:
        raise DamagedFileError("compressed pixels that end before they begin (a truncated file)")
    return found, starts  # the end mark is missing, the pixels are not


def _by_table(table: bytes, starts: list[int]) -> list[int]:
    """Return the fragments at which frames begin, by the table of offsets from the first fragment."""
    offsets = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
    places = {start - starts[0]: index for index, start in enumerate(starts)}
    return [places[offset] for offset in offsets] if offsets and all(offset in places for offset in offsets) else []


def _by_start(fragments: list[bytes]) -> list[int]:
    return [index for index, fragment in enumerate(fragments) if fragment.startswith(FRAME_STARTS)]
