"""Bounded reading of plain, gzip and bzip2 files, with checksum and length verified to the last byte.

nibabel accepts a `.nii.gz` whose checksum is wrong and allocates what the header claims before it
reads; this reader inflates with ISA-L straight into the array that is asked for, allocates it at
once only where the file itself says that it holds as much, and reads to the end of the file.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self, cast

import numpy as np
import numpy.typing as npt

from core.data import limits

CHUNK = 1 << 19  # inflated at a time: small enough to be copied out of the processor's cache
GZIP_MAGIC = b"\x1f\x8b"
GZIP_TRAILER = 4  # the last bytes of a member: the length of its content modulo 2**32
MOST_INFLATION = 1032  # deflate cannot make more of a byte
Packing = Literal["raw", "gzip", "bzip2"]


class DamagedFileError(ValueError):
    """The file is truncated, corrupt, or holds more than it may; the message says which."""


class BoundedReader:
    """Reads a file's content front to back, unpacked, never allocating more than the file can hold."""

    def __init__(self, path: Path, start: int = 0, packing: Packing | None = None) -> None:
        """Open a file.

        Args:
            path: the file.
            start: bytes of the file before its content.
            packing: how the content is packed; None looks at its first bytes, for gzip.
        """
        self._raw = path.open("rb")
        self._at = 0  # bytes of content read
        self._file_bytes = os.fstat(self._raw.fileno()).st_size - start
        self._raw.seek(start)
        if packing is None:
            packing = "gzip" if self._raw.read(2) == GZIP_MAGIC else "raw"
            self._raw.seek(start)
        self._packing = packing
        self._stream = _unpacking(self._raw, packing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()

    def read(self, count: int) -> bytes:
        """Read exactly `count` bytes, a few: a header.

        Raises:
            DamagedFileError: the content ends before, or is corrupt.
        """
        return bytes(self._grown(count))

    def read_array(self, count: int) -> npt.NDArray[np.uint8]:
        """Read exactly `count` bytes, as many as a volume has, as an array that is theirs.

        Raises:
            DamagedFileError: the content ends before, or is corrupt.
        """
        if self._packing == "raw" and self._file_bytes - self._at < count:
            raise _truncated(self._file_bytes - self._at, count)
        if not self._promises(count):
            return np.frombuffer(self._grown(count), np.uint8)
        array = np.empty(count, np.uint8)
        view, filled = array.data, 0
        while filled < count:
            got = self._read_into(view[filled : filled + CHUNK])
            if not got:
                raise _truncated(filled, count)
            filled += got
        return array

    def rest(self, most: int) -> bytes:
        """Read to the end, so that the checksum is verified.

        Raises:
            DamagedFileError: more than `most` bytes follow, or they are corrupt.
        """
        content = bytearray()
        while block := self._read_block(min(CHUNK, most + 1 - len(content))):
            content += block
            if len(content) > most:
                more = f"more than {most:,} bytes" if most else "bytes that"
                raise DamagedFileError(f"{more} follow the voxels that the header announces")
        return bytes(content)

    def finish(self, spare: int) -> None:
        """Read to the end, so that the checksum is verified, allowing `spare` more bytes.

        Raises:
            DamagedFileError: more than `spare` bytes follow, or they are corrupt.
        """
        self.rest(spare)

    def _promises(self, count: int) -> bool:
        """Tell whether the file says that it holds so much, so that allocating it is no risk.

        A gzip file says so in its last bytes; where it has several members, is padded or lies, the array grows.
        """
        if self._packing == "raw":
            return True
        if self._packing == "bzip2" or count > MOST_INFLATION * self._file_bytes:
            return False
        here = self._raw.tell()
        self._raw.seek(-GZIP_TRAILER, os.SEEK_END)
        length = int.from_bytes(self._raw.read(GZIP_TRAILER), "little")
        self._raw.seek(here)
        return (length - self._at - count) % 2**32 <= limits.GZIP_TRAILING_BYTES

    def _grown(self, count: int) -> bytearray:
        content = bytearray()
        while len(content) < count:
            block = self._read_block(min(CHUNK, count - len(content)))
            if not block:
                raise _truncated(len(content), count)
            content += block
        return content

    def _read_block(self, count: int) -> bytes:
        block = bytearray(count)
        return bytes(block[: self._read_into(memoryview(block))])

    def _read_into(self, view: memoryview) -> int:
        from isal import isal_zlib

        try:
            got = cast(int, self._stream.readinto(view))
        except EOFError:
            raise DamagedFileError("the compressed data ends before its end mark (a broken download or copy)") from None
        except isal_zlib.error as error:  # type: ignore[misc]  # its stubs call the class an instance
            raise DamagedFileError(f"corrupt gzip data ({error})") from None
        except OSError as error:
            if error.errno is not None:  # the disk's own trouble
                raise
            if self._at and str(error).startswith("Not a gzipped file"):
                raise DamagedFileError("bytes that are not gzip follow the compressed data") from None
            raise DamagedFileError(f"corrupt {self._packing} data ({error})") from None
        self._at += got
        return got


def _unpacking(raw: IO[bytes], packing: Packing) -> Any:
    if packing == "gzip":
        from isal import igzip

        return igzip.IGzipFile(fileobj=raw, mode="rb")  # type: ignore[no-untyped-call]
    if packing == "bzip2":
        import bz2

        return bz2.BZ2File(raw)
    return raw


def _truncated(found: int, expected: int) -> DamagedFileError:
    return DamagedFileError(f"{max(found, 0):,} bytes where {expected:,} were expected (a truncated file)")
