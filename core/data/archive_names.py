"""Where the files of an archive may go: names made safe, what operating systems add left out, collisions found."""

from __future__ import annotations

import re
import unicodedata

from core.data import limits

JUNK_FOLDERS = frozenset({"__macosx"})
JUNK_FILES = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
# macOS's twin of a file on a foreign disk
JUNK_PREFIX = "._"
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")
LONGEST_PART_BYTES = 255  # of one folder's or file's name: what file systems allow
DRIVE = re.compile(r"[A-Za-z]:")

Parts = tuple[str, ...]


class UnsafeNameError(ValueError):
    """A name that must not be written; the message says what it is."""


def split(name: str) -> Parts:
    """Return the folders and the file of a name, with either kind of slash between them."""
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def is_junk(parts: Parts) -> bool:
    """Tell whether a file is what an operating system leaves behind, and nobody's data."""
    lower = [part.lower() for part in parts]
    return bool(lower) and (
        not JUNK_FOLDERS.isdisjoint(lower) or lower[-1] in JUNK_FILES or parts[-1].startswith(JUNK_PREFIX)
    )


def is_archive_name(parts: Parts) -> bool:
    """Tell whether a file is called as an archive is."""
    return bool(parts) and parts[-1].lower().endswith(ARCHIVES)


def require_safe(name: str) -> None:
    """Refuse a name that could lead out of its folder or that no file system bears.

    Raises:
        UnsafeNameError: absolute, climbing, too long, too deep, or with characters that cannot be seen.
    """
    plain, parts = name.replace("\\", "/"), split(name)
    if plain.startswith("/") or DRIVE.match(plain):
        raise UnsafeNameError("an absolute path")
    if ".." in parts:
        raise UnsafeNameError("a path that climbs out of its folder")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise UnsafeNameError("a name with control characters")
    if len(parts) > limits.MAX_UPLOAD_DEPTH:
        raise UnsafeNameError(f"{len(parts)} folders within folders")
    if len(name.encode()) > limits.MAX_UPLOAD_NAME_BYTES or any(
        len(part.encode()) > LONGEST_PART_BYTES for part in parts
    ):
        raise UnsafeNameError("a name that is too long")


class Places:
    """The places that are taken, so that no two names are one on a disk that does not tell case or accents apart."""

    def __init__(self) -> None:
        self._taken: dict[Parts, tuple[Parts, bool]] = {}

    def take(self, parts: Parts, is_folder: bool) -> None:
        """Take a place and the folders that lead to it.

        Raises:
            UnsafeNameError: another entry has it already, or as a file what is needed as a folder.
        """
        for length in range(1, len(parts) + 1):
            spelling = parts[:length]
            folder = is_folder or length < len(parts)
            key = tuple(unicodedata.normalize("NFC", part).casefold() for part in spelling)
            if key not in self._taken:
                self._taken[key] = (spelling, folder)
                continue
            known, known_folder = self._taken[key]
            if known != spelling:
                raise UnsafeNameError("a name that differs from another's only in case or in how accents are written")
            if known_folder != folder:
                raise UnsafeNameError("a name that is a file and a folder at once")
            if not folder:
                raise UnsafeNameError("a name that another entry has too")
