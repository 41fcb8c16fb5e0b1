"""Open a DICOM file: with or without preamble, gzip-compressed or deflated, bounded in every direction.

Reference: DICOM PS3.10, section 7 (file format); PS3.5, Annex A (transfer syntaxes).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.data import limits
from core.data.formats.dicom.elements import Elements, MoreNeededError, Parser, PixelPlace
from core.data.formats.gzip_bounded import GZIP_MAGIC, BoundedReader, DamagedFileError
from core.data.git_lfs import LFS_MAGIC

PREAMBLE = 128
MAGIC = b"DICM"
FIRST_LOOK = 64 * 1024  # most headers end before; each further look is sixteen times as long
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
MAX_FILE_BYTES = limits.MAX_VOLUME_BYTES + limits.MAX_DICOM_HEADER_BYTES
RAW_DEFLATE = -15  # zlib's wbits for a stream without header or checksum


class NotDicomError(DamagedFileError):
    """The file does not begin as a DICOM file does."""


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """What a DICOM file says before its pixels.

    Attributes:
        path: the file.
        elements: its elements that are looked at.
        syntax: the UID of how it is written.
        pixels: where its pixels lie, or None where it has none.
        content: the whole file, where it had to be inflated.
    """

    path: Path
    elements: Elements
    syntax: str
    pixels: PixelPlace | None
    content: bytes | None = None

    @property
    def little(self) -> bool:
        """Whether uncompressed pixels are little-endian."""
        return self.syntax != EXPLICIT_BIG

    def bytes_from(self, start: int, count: int | None) -> bytes:
        """Return `count` bytes, or all, from an offset of the file; fewer where it ends before."""
        if self.content is not None:
            return self.content[start : None if count is None else start + count]
        with self.path.open("rb") as stream:
            stream.seek(start)
            return stream.read(-1 if count is None else count)


def looks_like_dicom(path: Path) -> bool:
    """Tell by its first bytes whether a file may be DICOM, bare or gzip-compressed."""
    with path.open("rb") as stream:
        start = stream.read(PREAMBLE + len(MAGIC))
    if start.startswith(GZIP_MAGIC):
        try:
            with BoundedReader(path) as reader:
                start = reader.read(PREAMBLE + len(MAGIC))
        except DamagedFileError:
            return False
    return _start_of_elements(start) is not None


def read_header(path: Path) -> Header:
    """Read what a file says before its pixels.

    Raises:
        NotDicomError: it is no DICOM file.
        DamagedFileError: it is truncated, corrupt or larger than it may be.
        OSError: it cannot be opened.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise DamagedFileError(f"a file of {size:,} bytes (limit {MAX_FILE_BYTES:,})")
    with path.open("rb") as stream:
        start = stream.read(FIRST_LOOK)
        if start.startswith(GZIP_MAGIC):
            return _parse(path, whole := _inflated(path), len(whole), whole)
        look = FIRST_LOOK
        while True:
            try:
                return _parse(path, start, size, None)
            except MoreNeededError:
                if look >= min(size, limits.MAX_DICOM_HEADER_BYTES):
                    raise DamagedFileError(_too_short(size)) from None
            look = min(look * 16, limits.MAX_DICOM_HEADER_BYTES)
            start += stream.read(look - len(start))


def _too_short(size: int) -> str:
    if size > limits.MAX_DICOM_HEADER_BYTES:
        return f"a header of more than {limits.MAX_DICOM_HEADER_BYTES:,} bytes"
    return f"{size:,} bytes that end inside an element (a truncated file)"


def _parse(path: Path, start: bytes, size: int, content: bytes | None) -> Header:
    """Read the elements from a file's first bytes.

    Raises:
        MoreNeededError: they end before the pixels do begin, and the file goes on.
    """
    at = _start_of_elements(start)
    if at is None:
        what = "a Git LFS pointer, not the file it stands for" if start.startswith(LFS_MAGIC) else "no DICOM file"
        raise NotDicomError(f"{what} ({size:,} bytes)")
    meta, at, _ = Parser(start).dataset(at, implicit=False, stop=lambda tag: tag >> 16 != 0x0002)
    syntax = meta.text("TransferSyntaxUID") or _guess_syntax(start[at : at + 6])
    if syntax == DEFLATED:
        start = content = _deflated(path, start, at, size)
        at = 0
    parser = Parser(start, little=syntax != EXPLICIT_BIG)
    elements, at, pixels = parser.dataset(at, implicit=syntax == IMPLICIT_LITTLE)
    if pixels is None and content is None and at < size:
        raise MoreNeededError
    return Header(path, elements, syntax, pixels, content)


def _start_of_elements(start: bytes) -> int | None:
    """Return where the elements begin, or None where this is no DICOM."""
    if start[PREAMBLE : PREAMBLE + len(MAGIC)] == MAGIC:
        return PREAMBLE + len(MAGIC)
    # without a preamble the file begins with an element of group 2 or 8, of a small number
    group, element = start[:2], start[2:4]
    if group in {b"\x02\0", b"\x08\0"} and element[1:] == b"\0" and len(start) > 8:
        return 0
    if group == b"\0\x08" and element[:1] == b"\0" and len(start) > 8:
        return 0
    return None


def _guess_syntax(element: bytes) -> str:
    """Return the syntax that a data set's first element shows, where the file does not say it."""
    if element[:2] == b"\0\x08":
        return EXPLICIT_BIG
    return EXPLICIT_LITTLE if element[4:6].isalpha() else IMPLICIT_LITTLE


def _inflated(path: Path) -> bytes:
    with BoundedReader(path) as reader:
        start = reader.read(PREAMBLE + len(MAGIC))
        if _start_of_elements(start) is None:
            raise NotDicomError("gzip data that holds no DICOM file")
        return start + reader.rest(MAX_FILE_BYTES)


def _deflated(path: Path, start: bytes, at: int, size: int) -> bytes:
    """Return the data set of a deflated file, whose pixels are deflated with it."""
    from isal import isal_zlib

    packed = start[at:]
    if len(start) < size:
        with path.open("rb") as stream:
            stream.seek(at)
            packed = stream.read()
    inflater = isal_zlib.decompressobj(wbits=RAW_DEFLATE)
    try:
        content: bytes = inflater.decompress(packed, MAX_FILE_BYTES)
    except isal_zlib.error:  # type: ignore[misc]  # its stubs call the class an instance
        raise DamagedFileError("corrupt deflated data") from None
    if inflater.unconsumed_tail:
        raise DamagedFileError(f"deflated data that inflates to more than {MAX_FILE_BYTES:,} bytes")
    if not inflater.eof:
        raise DamagedFileError("deflated data that ends before its end mark (a truncated file)")
    return content
