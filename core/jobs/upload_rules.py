"""What an upload may consist of: names that stay below its folder, and sizes within the limits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.data import limits
from core.errors import RefusedError

UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f\\]")
LONGEST_PART_BYTES = 255  # of one folder's or file's name, on every common file system


class UploadNamesError(RefusedError):
    """The list of files cannot be used as it is."""


class UploadTooLargeError(RefusedError):
    """More bytes, files or uploads than the limits allow."""


@dataclass(frozen=True, slots=True)
class UploadFile:
    """One file of an upload.

    Attributes:
        name: as its owner calls it, with folders, `/` between them.
        size: in bytes, whole.
    """

    name: str
    size: int


def require_names(files: Sequence[UploadFile]) -> None:
    """Refuse names that could lead elsewhere, or that stand twice.

    Raises:
        UploadNamesError: there is one, or there is no file.
    """
    if not files:
        raise UploadNamesError("there is no file in this upload; choose at least one")
    seen = set()
    for number, file in enumerate(files, start=1):
        if problem := _name_problem(file.name):
            raise UploadNamesError(f"the name of file {number} {problem}; rename it and try again")
        if file.name in seen:
            raise UploadNamesError(f"file {number} has the name of an earlier one; choose them in two uploads")
        seen.add(file.name)


def _name_problem(name: str) -> str | None:
    try:
        raw = name.encode()
    except UnicodeEncodeError:
        return "is not valid text"
    parts = name.split("/")
    if len(raw) > limits.MAX_UPLOAD_NAME_BYTES or len(parts) > limits.MAX_UPLOAD_DEPTH:
        return "is too long or too deep"
    if UNSPEAKABLE.search(name):
        return "holds a character that a file's name may not hold"
    if any(part in ("", ".", "..") or len(part.encode()) > LONGEST_PART_BYTES for part in parts):
        return "is not a plain name below a folder"
    return None


def require_sizes(files: Sequence[UploadFile]) -> None:
    """Refuse more files or bytes than one upload may have.

    Raises:
        UploadTooLargeError: there are more.
    """
    total = sum(file.size for file in files)
    if len(files) > limits.MAX_UPLOAD_FILES:
        raise UploadTooLargeError(
            f"{len(files):,} files; one upload takes {limits.MAX_UPLOAD_FILES:,}: zip them, or import a server folder"
        )
    if any(not 0 <= file.size <= limits.MAX_UPLOAD_FILE_BYTES for file in files) or total > limits.MAX_UPLOAD_BYTES:
        most, each = limits.MAX_UPLOAD_BYTES / 1024**3, limits.MAX_UPLOAD_FILE_BYTES / 1024**3
        raise UploadTooLargeError(
            f"{total / 1024**3:.1f} GB; one upload takes {most:.0f} GB and {each:.0f} GB per file: "
            "copy the data to the server and import the folder there"
        )
