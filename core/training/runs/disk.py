"""A disk that is full or must not be written: recognised, said, and survived.

A training keeps a small file in reserve. When the disk is full the file is renamed, which needs no room, and emptied,
which makes some: enough to write down why the run paused. Should even that fail, the renamed file says it.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from core.errors import RefusedError

RESERVE = "reserve"
MARK = "disk-full"
RESERVE_BYTES = 65_536
FULL = (errno.ENOSPC, errno.EDQUOT)
UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)


class UnwritableError(RefusedError):
    """The workspace cannot be written; the message says why and what to do."""


def is_full(error: BaseException) -> bool:
    """Tell whether an error means that no room is left on the disk, or none within the user's quota."""
    if not isinstance(error, OSError):
        return False
    # numpy writes arrays without Python's files and says only how much of one it could write
    return error.errno in FULL or (error.errno is None and "requested and" in str(error))


@contextlib.contextmanager
def writing_workspace() -> Iterator[None]:
    """Turn a disk that is full or read-only into a sentence.

    Raises:
        UnwritableError: it is.
    """
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise UnwritableError("the disk of the workspace is full; make room and try again") from error
        if error.errno in UNWRITABLE:
            raise UnwritableError(
                f"the workspace cannot be written ({os.strerror(error.errno)}); allow it, or name another folder with "
                "SEGSCOPE_WORKSPACE"
            ) from error
        raise


def keep_reserve(folder: Path) -> None:
    """Put room aside for last words, and forget that the disk was full."""
    with (folder / RESERVE).open("wb") as stream:
        stream.write(os.urandom(RESERVE_BYTES))  # zeros would take no room on a disk that compresses
        stream.flush()
        os.fsync(stream.fileno())
    (folder / MARK).unlink(missing_ok=True)


def use_reserve(folder: Path) -> None:
    """Mark that the disk is full, and free the room that was put aside."""
    with contextlib.suppress(OSError):
        if (folder / RESERVE).exists():
            (folder / RESERVE).replace(folder / MARK)
        with (folder / MARK).open("wb"):  # empties it
            pass


def drop_reserve(folder: Path) -> None:
    """Give the room back at a run's end."""
    with contextlib.suppress(OSError):
        (folder / RESERVE).unlink(missing_ok=True)


def forget_full(folder: Path) -> None:
    """Take the mark away: what it says stands in the status now."""
    with contextlib.suppress(OSError):
        (folder / MARK).unlink(missing_ok=True)


def was_full(folder: Path) -> bool:
    """Tell whether the last process found the disk full and could not write that down."""
    return (folder / MARK).exists()
