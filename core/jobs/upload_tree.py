"""An upload as the folder that it was: files under their own names, archives unpacked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

from core.errors import RefusedError
from core.jobs.uploads import Upload

FOLDER = "upload"  # sentences name it
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")


class UploadIncompleteError(RefusedError):
    """Not every byte has arrived."""


def lay_out(upload: Upload) -> Path:
    """Return the folder in which an upload's files have their names, made once; it goes with the upload.

    Files are linked and not copied, where the file system can. A single archive becomes the folder that is in it;
    among other files each archive becomes a folder beside them.

    Raises:
        UploadIncompleteError: not every byte has arrived.
        InputRefusedError: an archive cannot be unpacked.
    """
    root = upload.folder / FOLDER
    if root.is_dir():
        return root
    if not upload.is_complete:
        raise UploadIncompleteError("the upload is not complete; resume it first")
    draft = upload.folder / f"{FOLDER}.part"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    for index, file in enumerate(upload.files):
        path = draft / PurePosixPath(file.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _place(upload.path(index), path)
        if suffix := _archive_suffix(path.name):
            alone = len(upload.files) == 1
            _unpack(path, draft if alone else _free(path.with_name(path.name[: -len(suffix)])))
    draft.rename(root)
    return root


def _place(received: Path, path: Path) -> None:
    if not received.exists():  # an empty file needs no request
        path.touch(exist_ok=False)
        return
    try:
        os.link(received, path)
    except FileExistsError:
        raise RefusedError("two files whose names this disk cannot tell apart; rename one and upload again") from None
    except OSError:  # a file system without links
        shutil.copyfile(received, path)


def _unpack(archive: Path, into: Path) -> None:
    from core.data.archives import extract_archive

    content = archive.with_name(f".{archive.name}.unpacking")
    archive.rename(content)
    try:
        extract_archive(content, into)
    finally:
        content.unlink(missing_ok=True)


def _free(folder: Path) -> Path:
    """Return the folder, or the next one that is not taken."""
    number, found = 2, folder
    while found.exists():
        found, number = folder.with_name(f"{folder.name} {number}"), number + 1
    return found


def _archive_suffix(name: str) -> str:
    return next((suffix for suffix in sorted(ARCHIVES, key=len, reverse=True) if name.lower().endswith(suffix)), "")
