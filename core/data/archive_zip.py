"""The entries of a zip, by Python's zipfile, whose list is bounded and whose names are decoded here."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from core.data import limits
from core.data.archive_entries import SPECIAL, Entry, Listing, damaged, refused
from core.data.formats.gzip_bounded import CHUNK

END, END_BYTES = b"PK\x05\x06", 22
LOCATOR, LOCATOR_BYTES = b"PK\x06\x07", 20  # both of zips over 4 GB
END64, END64_BYTES = b"PK\x06\x06", 56
LONGEST_COMMENT = 65_535
LOCAL_HEADER_BYTES = 30
ENCRYPTED, IN_UTF8 = 0x1, 0x800  # bits of an entry's flags
READ = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # zipfile unpacks the other methods without a bound
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, RuntimeError)


@contextmanager
def zip_listing(path: Path) -> Iterator[Listing]:
    """Open a zip.

    Raises:
        InputRefusedError: its list is damaged or too long, or an entry is encrypted or packed in another way.
    """
    _require_bounded_list(path)
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise damaged(f"a zip whose list cannot be read ({error})") from None
    with archive:
        infos = archive.infolist()
        _require_readable(infos, path.stat().st_size)
        entries = (_entry(archive, info) for info in infos)
        yield Listing(entries, sum(info.file_size for info in infos))


def _require_bounded_list(path: Path) -> None:
    """Refuse a zip whose list of entries would fill the memory, before zipfile reads it."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - LONGEST_COMMENT - END_BYTES - LOCATOR_BYTES - END64_BYTES))
        tail = stream.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < END_BYTES:
        raise damaged("a zip that ends before its list of entries")
    listed: int = struct.unpack_from("<L", tail, at + 12)[0]
    if tail[max(at - LOCATOR_BYTES, 0) :].startswith(LOCATOR):
        end64 = tail[max(at - LOCATOR_BYTES - END64_BYTES, 0) :]  # where zipfile looks for it
        if not end64.startswith(END64):
            raise damaged("a large zip whose end cannot be read")
        listed = struct.unpack_from("<Q", end64, 40)[0]
    if listed > limits.MAX_ARCHIVE_LIST_BYTES:
        expected = f"at most {limits.MAX_ARCHIVE_LIST_BYTES:,}"
        raise refused("archive_too_large", f"a list of {listed:,} bytes of names", expected, "split it into several")


def _require_readable(infos: Sequence[zipfile.ZipInfo], size: int) -> None:
    if len(infos) > limits.MAX_ARCHIVE_ENTRIES:
        expected = f"at most {limits.MAX_ARCHIVE_ENTRIES:,}"
        raise refused("archive_too_large", f"{len(infos):,} entries", expected, "split it into several")
    if any(info.flag_bits & ENCRYPTED for info in infos):
        raise refused("archive_encrypted", "a zip with a password", "one without", "unpack it and pack it again")
    if other := {info.compress_type for info in infos} - READ:
        expected, fix = "deflate, the usual one", "pack it again as a plain zip"
        raise refused("archive_packing", f"the packing method {min(other)}", expected, fix)
    # what two entries share would be unpacked twice: how a small file becomes petabytes
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for number, info in enumerate(ordered, start=1):
        following = ordered[number].header_offset if number < len(ordered) else size
        if info.header_offset + LOCAL_HEADER_BYTES + info.compress_size > following:
            raise damaged("a zip whose entries overlap")


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    name, recoded = _name(info)
    mode = stat.S_IFMT(info.external_attr >> 16)
    # a name that a NUL cuts short is one thing to zipfile and another to whoever lists it
    hidden = "a name with a hidden end" if "\0" in info.orig_filename else ""
    is_folder = name.replace("\\", "/").endswith("/") or mode == stat.S_IFDIR
    special = SPECIAL.get(mode, "") or hidden
    return Entry(name, is_folder, special, recoded, partial(_content, archive, info))


def _name(info: zipfile.ZipInfo) -> tuple[str, bool]:
    """Decode a name: without the flag it says nothing, and many programs then write UTF-8 all the same."""
    if info.flag_bits & IN_UTF8 or info.filename.isascii():
        return info.filename, False
    try:
        return info.filename.encode("cp437").decode("utf-8"), False
    except UnicodeError:
        return info.filename, True


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        read = 0
        with archive.open(info) as stream:
            while block := stream.read(CHUNK):
                read += len(block)
                yield block
    except BROKEN as error:
        raise damaged(f"an entry that does not unpack ({_without_name(error)})") from None
    if read != info.file_size:
        raise damaged("an entry that holds less than the zip's list says")


def _without_name(error: Exception) -> str:
    """Return what zipfile says up to where it would name the file."""
    return re.split(r" for file|'|\"", str(error))[0].strip() or type(error).__name__
