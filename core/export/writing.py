"""How an export reaches the disk: whole or not at all, and with a sentence where it cannot."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from core.atomic import replacing
from core.errors import JobFailedError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.ENOTEMPTY, errno.EISDIR, errno.EEXIST)


class NotWrittenError(JobFailedError):
    """A disk or folder does not take what is exported; the message says why and what to do."""


@contextlib.contextmanager
def saying_why(name: str) -> Iterator[None]:
    """Turn a disk that is full, or a folder that cannot be written, into a sentence.

    Args:
        name: of the file, without its folder.

    Raises:
        NotWrittenError: it is.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise NotWrittenError(
                f"{name} was not written, for the disk is full or takes no file so large; make room and export again: "
                "no half file is left"
            ) from error
        if error.errno in UNWRITABLE:
            raise NotWrittenError(
                f"{name} was not written ({os.strerror(error.errno)}); choose a folder that can be written"
            ) from error
        raise


@contextlib.contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name when the block ends without an error.

    Raises:
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    with saying_why(path.name), replacing(path) as stream:
        yield stream
