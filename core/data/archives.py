"""Unpack a zip or a tar from anybody: bounded, verified, and either whole or not at all.

Nothing is written outside a new folder beside the destination, which takes its name when the last
checksum has been verified. Sentences call entries by their number, for names may be patients'.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.atomic import new_folder
from core.data import limits
from core.data.archive_entries import Entry, entries_of, kind_of, refused
from core.data.archive_names import Parts, Places, UnsafeNameError, is_archive_name, is_junk, require_safe, split
from core.data.refusal import Finding

OnProgress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out of an archive: how many files of how many bytes, and what was odd."""

    files: int
    bytes: int
    findings: tuple[Finding, ...]


def is_archive(path: Path) -> bool:
    """Tell by its first bytes whether a file is an archive that `unpack` reads; a lone `.nii.gz` is none."""
    return kind_of(path) is not None


def unpack(archive: Path, folder: Path, on_progress: OnProgress = lambda _done, _total: None) -> Unpacked:
    """Unpack an archive into a folder that does not exist yet.

    Args:
        archive: a zip, or a tar, plain or packed with gzip or bzip2.
        folder: where it goes; it appears when everything is there.
        on_progress: told how many bytes are unpacked, and of how many where that is known.

    Raises:
        InputRefusedError: it is damaged, encrypted, too large, no archive, or holds what must not be unpacked;
            nothing is left behind.
        FileExistsError: `folder` is there already.
    """
    if folder.exists():
        raise FileExistsError(f"{folder.name} is there already")
    with entries_of(archive) as listing:
        if listing.total_bytes is not None:
            _require_bounded(listing.total_bytes, archive)
            _require_space(listing.total_bytes, folder.parent)
        with new_folder(folder) as target:
            writer = _Writer(archive, target)
            for entry in listing.entries:
                writer.take(entry)
                on_progress(writer.bytes, listing.total_bytes)
            if not writer.files:
                raise refused("archive_empty", "an archive without files", "a data set", "pack it again")
    return Unpacked(writer.files, writer.bytes, tuple(writer.findings()))


class _Writer:
    """Writes entries below one folder and counts what it wrote."""

    def __init__(self, archive: Path, target: Path) -> None:
        self.files = self.bytes = 0
        self._archive, self._target = archive, target
        self._entries = self._junk = self._recoded = 0
        self._places = Places()

    def take(self, entry: Entry) -> None:
        self._entries += 1
        if self._entries > limits.MAX_ARCHIVE_ENTRIES:
            expected = f"at most {limits.MAX_ARCHIVE_ENTRIES:,}"
            raise refused("archive_too_large", "more entries than that", expected, "split it into several")
        parts = split(entry.name)
        if is_junk(parts):
            self._junk += 1
            self._copy(entry, None)
            return
        self._require_plain(entry, parts)
        self._recoded += entry.recoded
        if not parts and entry.is_folder:  # tar writes the folder itself as ./
            return
        self._place(entry, parts)

    def findings(self) -> Iterator[Finding]:
        """Say what was left out or read otherwise than written."""
        if self._junk:
            found = f"{self._junk} file(s) that macOS or Windows put into the archive (__MACOSX, ._*, Thumbs.db)"
            yield Finding("note", "archive_junk", "", "", found, "images", "nothing to do: they were left out")
        if self._recoded:
            found = f"{self._recoded} name(s) that are not written in UTF-8"
            fix = "check accents and other signs in the names"
            yield Finding("note", "archive_names", "", "", found, "names in UTF-8", fix)

    def _require_plain(self, entry: Entry, parts: Parts) -> None:
        if entry.special:
            expected, fix = "plain files and folders", "pack the files themselves"
            raise refused("archive_link", f"{entry.special} as its {_nth(self._entries)} entry", expected, fix)
        if not entry.is_folder and is_archive_name(parts):
            found = f"an archive in the archive, its {_nth(self._entries)} entry"
            raise refused("nested_archive", found, "images", "unpack the inner one and give the files themselves")

    def _place(self, entry: Entry, parts: Parts) -> None:
        try:
            require_safe(entry.name)
            if not parts:
                raise UnsafeNameError("a file without a name")
            self._places.take(parts, entry.is_folder)
        except UnsafeNameError as error:
            found = f"{error}, in its {_nth(self._entries)} entry"
            raise refused("archive_name", found, "plain names below one folder", "pack it again") from None
        path = self._target.joinpath(*parts)
        if entry.is_folder:
            path.mkdir(parents=True, exist_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._copy(entry, path)
        self.files += 1

    def _copy(self, entry: Entry, path: Path | None) -> None:
        """Write an entry's content, or with None only read past it."""
        # exclusive: what is there already, be it a link, is an error
        with path.open("xb") if path else Path(os.devnull).open("wb") as stream:
            for block in entry.content():
                self.bytes += len(block)
                _require_bounded(self.bytes, self._archive)
                _require_space(0, self._target)  # a packed tar does not say beforehand what it unpacks to
                stream.write(block)


def _require_bounded(unpacked: int, archive: Path) -> None:
    packed = max(archive.stat().st_size, 1)
    if unpacked > limits.MAX_ARCHIVE_BYTES:
        expected = f"at most {limits.MAX_ARCHIVE_BYTES:,}"
        raise refused("archive_too_large", f"{unpacked:,} bytes unpacked", expected, "split it into several")
    if unpacked > limits.ARCHIVE_RATIO_FROM_BYTES and unpacked > limits.MAX_ARCHIVE_RATIO * packed:
        found = f"{packed:,} bytes that unpack to {unpacked:,} or more"
        expected = f"at most {limits.MAX_ARCHIVE_RATIO} times the archive's size"
        raise refused("archive_too_large", found, expected, "give the files themselves")


def _require_space(needed: int, folder: Path) -> None:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < needed + limits.FREE_DISK_BYTES:
        expected = f"{(needed + limits.FREE_DISK_BYTES) / 1e9:.1f} GB for the unpacked files"
        raise refused("no_space", f"{free / 1e9:.1f} GB free", expected, "free some space")


def _nth(number: int) -> str:
    teens = 10 <= number % 100 < 20
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
