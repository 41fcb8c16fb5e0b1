"""An upload as the folder that it was: files under their own names, archives unpacked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from core.atomic import read_json, write_json
from core.data.archives import Unpacked, unpack
from core.data.refusal import Finding, InputRefusedError
from core.errors import RefusedError
from core.jobs.uploads import Upload

FOLDER = "upload"
CALLED = "these files"  # in a sentence, for nobody named that folder
SAID = "unpacked.json"
ARCHIVES = (".tar.gz", ".tar.bz2", ".tgz", ".tar", ".zip")

OnProgress = Callable[[int, int | None], None]


class UploadIncompleteError(RefusedError):
    """Not every byte has arrived."""


def lay_out(upload: Upload, on_progress: OnProgress = lambda _done, _total: None) -> Path:
    """Return the folder in which an upload's files have their names, made once; it goes with the upload.

    Files are linked and not copied, where the file system can. A single archive becomes the folder that is in it;
    among other files each archive becomes a folder beside them.

    Args:
        upload: whose bytes have all arrived.
        on_progress: told how many bytes of an archive are unpacked, and of how many where that is known.

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
    if len(upload.files) == 1 and archive_stem(upload.files[0].name):
        unpacked = [unpack(upload.path(0), draft, on_progress)]
    else:
        unpacked = _link_all(upload, draft, on_progress)
    write_json(upload.folder / SAID, [finding.to_json() for each in unpacked for finding in each.findings])
    draft.chmod(0o700)
    draft.rename(root)
    return root


def said_while_unpacking(upload: Upload) -> list[Finding]:
    """Return what was odd about an upload's archives."""
    path = upload.folder / SAID
    return [Finding(**said) for said in read_json(path)] if path.exists() else []


def archive_stem(name: str) -> str:
    """Return an archive's name without what makes it one, or an empty text for any other file."""
    return next((name[: -len(suffix)] or "archive" for suffix in ARCHIVES if name.lower().endswith(suffix)), "")


def _link_all(upload: Upload, draft: Path, on_progress: OnProgress) -> list[Unpacked]:
    draft.mkdir(mode=0o700)
    archives = []
    for index, file in enumerate(upload.files):
        path = draft / PurePosixPath(file.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if stem := archive_stem(path.name):
            archives.append((index, path.with_name(stem)))
        else:
            _place(upload.path(index), path)
    # afterwards, so that no folder takes the name of a file
    return [_unpack(upload.path(index), _free(folder), index + 1, on_progress) for index, folder in archives]


def _unpack(archive: Path, into: Path, number: int, on_progress: OnProgress) -> Unpacked:
    try:
        return unpack(archive, into, on_progress)
    except InputRefusedError as error:
        # which of them it is, without its name
        raise InputRefusedError(*(finding.about("", f"file {number}") for finding in error.findings)) from None


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


def _free(folder: Path) -> Path:
    """Return the folder, or the next one that is not taken."""
    number, found = 2, folder
    while found.exists():
        found, number = folder.with_name(f"{folder.name} {number}"), number + 1
    return found
