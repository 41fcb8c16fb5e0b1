"""Bounded inflation of gzip files, with checksum and length verified to the last byte.

nibabel accepts a `.nii.gz` whose checksum is wrong and allocates what the header claims before it
reads; this reader inflates with ISA-L, stops at a limit, and reads to the end of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

CHUNK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
GZIP_WINDOW = 31  # zlib's wbits for a gzip header and trailer


class DamagedFileError(ValueError):
    """The file is truncated, corrupt, or holds more than it may; the message says which."""


def is_gzip(path: Path) -> bool:
    """Tell whether a file starts as gzip does, whatever it is called."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


def chunks(path: Path) -> Iterator[bytes]:
    """Yield the file's content, inflated when it is gzip.

    Raises:
        DamagedFileError: the stream ends early, a checksum or length is wrong, or bytes are corrupt.
    """
    if not is_gzip(path):
        with path.open("rb") as stream:
            while block := stream.read(CHUNK):
                yield block
        return
    yield from _inflate(path)


def _inflate(path: Path) -> Iterator[bytes]:
    from isal import isal_zlib

    with path.open("rb") as stream:
        inflater = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
        pending = stream.read(CHUNK)
        while pending:
            try:
                out = inflater.decompress(pending, CHUNK * 4)
            except isal_zlib.error as error:  # type: ignore[misc]  # its stubs call the class an instance
                raise DamagedFileError(f"corrupt gzip data ({error})") from None
            if out:
                yield out
            if inflater.eof:
                pending = _next_member(inflater.unused_data, stream)
                if not pending:
                    return
                inflater = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
            else:
                pending = inflater.unconsumed_tail or stream.read(CHUNK)
        raise DamagedFileError("the compressed data ends before its end mark (a broken download or copy)")


def _next_member(rest: bytes, stream: IO[bytes]) -> bytes:
    """Return the start of the next gzip member, or nothing; zero padding may stand before either."""
    rest = rest.lstrip(b"\0")
    while len(rest) < len(GZIP_MAGIC) and (block := stream.read(CHUNK)):
        rest = (rest + block).lstrip(b"\0")
    if rest and not rest.startswith(GZIP_MAGIC):
        raise DamagedFileError("bytes that are not gzip follow the compressed data")
    return rest


class BoundedReader:
    """Reads a stream of chunks in order, never holding more than one chunk beyond what was asked for."""

    def __init__(self, path: Path) -> None:
        self._chunks = chunks(path)
        self._buffer = b""

    def read(self, count: int) -> bytearray:
        """Read exactly `count` bytes.

        Raises:
            DamagedFileError: the stream ends before.
        """
        out = bytearray(self._buffer[:count])
        self._buffer = self._buffer[count:]
        while len(out) < count:
            block = next(self._chunks, None)
            if block is None:
                raise DamagedFileError(f"{len(out):,} bytes where {count:,} were expected (a truncated file)")
            wanted = count - len(out)
            out += block[:wanted]
            self._buffer = block[wanted:]
        return out

    def finish(self, spare: int) -> None:
        """Read to the end, so that the checksum is verified, allowing `spare` more bytes.

        Raises:
            DamagedFileError: more than `spare` bytes follow.
        """
        rest = len(self._buffer)
        while rest <= spare and (block := next(self._chunks, None)) is not None:
            rest += len(block)
        if rest > spare:
            raise DamagedFileError(f"more than {spare:,} bytes follow the voxels that the header announces")
