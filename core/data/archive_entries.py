"""What an archive holds, entry by entry: a zip by its list, a tar front to back.

Reference: PKWARE, ".ZIP File Format Specification" (APPNOTE.TXT); IEEE Std 1003.1, "pax", for tar.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.data.refusal import Finding, InputRefusedError

Kind = Literal["zip", "tar", "tar.gz", "tar.bz2"]

TAR_BLOCK = 512
USTAR = slice(257, 262)  # where a tar says so
SPECIAL = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an archive.

    Attributes:
        name: as it is written there, decoded.
        is_folder: whether it is a folder.
        special: what else it is than a file or folder, such as `a symbolic link`; "" for neither.
        recoded: whether its name is not in UTF-8.
        content: yields its bytes, verified when the last one has come; to be used before the next entry.
    """

    name: str
    is_folder: bool
    special: str
    recoded: bool
    content: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of an archive, and how many bytes they say they unpack to, where that is known beforehand."""

    entries: Iterator[Entry]
    total_bytes: int | None


def refused(code: str, found: str, expected: str, fix: str) -> InputRefusedError:
    """Return the error that says why an archive is not unpacked."""
    return InputRefusedError(Finding("error", code, "", "", found, expected, fix))


def damaged(found: str) -> InputRefusedError:
    """Return the error that says what is broken about an archive."""
    return refused("damaged_archive", found, "a whole archive", "pack, copy or download it again")


def kind_of(path: Path) -> Kind | None:
    """Tell what kind of archive a file is by its content; None for everything else, a lone `.nii.gz` too."""
    with path.open("rb") as stream:
        start = stream.read(TAR_BLOCK)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if start[USTAR] == b"ustar":
        return "tar"
    if start.startswith((b"\x1f\x8b", b"BZh")):
        return _packed_tar(path, "gzip" if start.startswith(b"\x1f\x8b") else "bzip2")
    return None


@contextmanager
def entries_of(path: Path) -> Iterator[Listing]:
    """Open an archive.

    Raises:
        InputRefusedError: it is no archive, damaged, encrypted, or packed in a way that is not read.
    """
    from core.data.archive_tar import tar_entries
    from core.data.archive_zip import zip_listing

    kind = kind_of(path)
    if kind is None:
        expected = "a zip, or a tar as it is or packed with gzip or bzip2"
        raise refused("archive_unknown", "a file that is no archive of a known kind", expected, "pack it as a zip")
    if kind == "zip":
        with zip_listing(path) as listing:
            yield listing
    else:
        total = path.stat().st_size if kind == "tar" else None
        with tar_entries(path, "bzip2" if kind == "tar.bz2" else None) as entries:
            yield Listing(entries, total)


def _packed_tar(path: Path, packing: Literal["gzip", "bzip2"]) -> Kind | None:
    from core.data.formats.gzip_bounded import BoundedReader, DamagedFileError

    try:
        with BoundedReader(path, packing=packing) as reader:
            if reader.read(TAR_BLOCK)[USTAR] != b"ustar":
                return None
    except DamagedFileError:
        return None
    return "tar.gz" if packing == "gzip" else "tar.bz2"
