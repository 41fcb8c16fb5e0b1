"""The entries of a tar, read front to back, every header bounded and verified.

Python's tarfile reads an extended header of any size into memory, and takes a damaged header in the
middle for the end; here it only decodes single headers.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from core.data import limits
from core.data.archive_entries import TAR_BLOCK, Entry, damaged, refused
from core.data.formats.gzip_bounded import CHUNK, BoundedReader, DamagedFileError

END_PADDING_BYTES = 1 << 20  # zeros after the end mark: tars are padded to whole records
FILES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
PAX, PAX_GLOBAL = {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}, tarfile.XGLTYPE
SPECIAL = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


@dataclass(slots=True)
class _Extended:
    """What extended headers say about the entry that follows them."""

    name: str | None = None
    size: int | None = None
    sparse: bool = False


@contextmanager
def tar_entries(path: Path, packing: Literal["bzip2"] | None) -> Iterator[Iterator[Entry]]:
    """Open a tar, plain or packed; its entries have to be taken in their order.

    Raises:
        InputRefusedError: a header is damaged, or the archive ends early.
    """
    with BoundedReader(path, packing=packing) as reader:
        yield _entries(reader)


def _entries(reader: BoundedReader) -> Iterator[Entry]:
    extended = _Extended()
    while any(block := _read(reader, TAR_BLOCK)):
        header = _header(block)
        if header.type in PAX or header.type == PAX_GLOBAL:
            records = _pax(_small(reader, header.size))
            if header.type != PAX_GLOBAL:
                _extend(extended, records)
            continue
        if header.type == tarfile.GNUTYPE_LONGNAME:
            extended.name = _text(_small(reader, header.size).split(b"\0", 1)[0])
            continue
        if header.type == tarfile.GNUTYPE_LONGLINK:
            _small(reader, header.size)
            continue
        yield from _entry(reader, header, extended)
        extended = _Extended()
    _require_end(reader)


def _entry(reader: BoundedReader, header: tarfile.TarInfo, extended: _Extended) -> Iterator[Entry]:
    written = header.name if extended.name is None else extended.name
    size = header.size if extended.size is None else extended.size
    special = SPECIAL.get(header.type, "" if header.type in FILES | {tarfile.DIRTYPE} else "an unknown kind of entry")
    special = "a sparse file" if extended.sparse else special
    is_folder = header.type == tarfile.DIRTYPE or (header.type == tarfile.AREGTYPE and written.endswith("/"))
    name = written.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    recoded = name != written
    if recoded:
        name = written.encode("utf-8", "surrogateescape").decode("cp437")
    left = size if not is_folder and not special else 0
    blocks = _content(reader, left)
    yield Entry(name, is_folder, special, recoded, partial(iter, blocks))
    for _ in blocks:  # what nobody asked for
        pass
    _read(reader, -left % TAR_BLOCK)


def _content(reader: BoundedReader, size: int) -> Iterator[bytes]:
    while size:
        block = _read(reader, min(CHUNK, size))
        size -= len(block)
        yield block


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError) as error:
        raise damaged(f"a tar with a damaged header ({error})") from None
    if header.size < 0:
        raise damaged("a tar with an entry of negative size")
    return header


def _small(reader: BoundedReader, size: int) -> bytes:
    if size > limits.MAX_TAR_HEADER_BYTES:
        expected = f"at most {limits.MAX_TAR_HEADER_BYTES:,}"
        raise refused("archive_too_large", f"an extended header of {size:,} bytes", expected, "pack it again")
    content = _read(reader, size)
    _read(reader, -size % TAR_BLOCK)
    return content


def _pax(content: bytes) -> dict[str, str]:
    """Read records of the form `length key=value`, each ended by a line feed."""
    records = {}
    while content:
        digits, _, _ = content.partition(b" ")
        length = int(digits) if digits.isdigit() and len(digits) < 10 else 0
        record, content = content[:length], content[length:]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if not equals or len(record) < length or not record.endswith(b"\n"):
            raise damaged("a tar with a damaged extended header")
        records[_text(key)] = _text(value)
    return records


def _extend(extended: _Extended, records: dict[str, str]) -> None:
    extended.name = records.get("path", extended.name)
    extended.sparse = extended.sparse or any(key.startswith("GNU.sparse") for key in records)
    if "size" in records:
        if not (records["size"].isascii() and records["size"].isdigit() and len(records["size"]) < 20):
            raise damaged("a tar with a damaged extended header")
        extended.size = int(records["size"])


def _require_end(reader: BoundedReader) -> None:
    """Read to the end, where only zeros may stand, and with that verify the checksum of what packs the tar."""
    try:
        padding = reader.rest(END_PADDING_BYTES)
    except DamagedFileError as error:
        raise damaged(f"a tar that does not end behind its end mark ({error})") from None
    if any(padding):
        raise damaged("a tar with something behind its end mark")


def _read(reader: BoundedReader, count: int) -> bytes:
    try:
        return reader.read(count)
    except DamagedFileError as error:
        raise damaged(f"a tar that ends early or does not unpack ({error})") from None


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
