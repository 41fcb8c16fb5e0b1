"""Files on their way in: `uploads/<id>/` holds what a browser has sent so far, under names that we made.

`upload.json` (0600) keeps the names that the files had, because folder layouts are recognised by them, and whose
upload it is. How much of a file has arrived is the length of the file itself, so an upload that was cut off anywhere
goes on from there. The whole folder goes when its import is done, when it is cancelled, or a day after the last byte.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.data import limits
from core.errors import RefusedError
from core.jobs.upload_rules import UploadFile, UploadTooLargeError, require_names, require_sizes
from core.workspace import Workspace

UPLOAD_ID = re.compile(r"[0-9a-f]{32}")


class NoSuchUploadError(RefusedError):
    """There is no such upload, or it is somebody else's."""


class NoSpaceError(RefusedError):
    """The disk is too full."""


class TooManyUploadsError(UploadTooLargeError):
    """So many uploads are under way that no other is taken."""


class WrongOffsetError(RefusedError):
    """Bytes that do not start where the last ones ended; `offset` is where they should."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"this file has arrived up to byte {offset:,}; send it from there")
        self.offset = offset


class Upload:
    """Reads and writes one upload's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name

    @property
    def files(self) -> tuple[UploadFile, ...]:
        """What was announced, in order."""
        return _announced(str(self.folder))[1]

    @property
    def bytes(self) -> int:
        """What all files weigh when they are whole."""
        return sum(file.size for file in self.files)

    @property
    def is_complete(self) -> bool:
        """Whether every byte is here."""
        return all(self.received(index) == file.size for index, file in enumerate(self.files))

    def path(self, index: int) -> Path:
        """Return where the bytes of a file are, under a name that says nothing.

        Raises:
            NoSuchUploadError: there is no such file in this upload.
        """
        if not 0 <= index < len(self.files):
            raise NoSuchUploadError(f"this upload has {len(self.files)} files; there is no number {index}")
        return self.folder / "files" / f"{index:06d}"

    def received(self, index: int) -> int:
        """Return how many bytes of a file have arrived."""
        try:
            return self.path(index).stat().st_size
        except FileNotFoundError:
            return 0

    def touch(self) -> None:
        """Say that somebody is still busy with it."""
        os.utime(self.folder)

    def remove(self) -> None:
        """Delete everything that was sent, and the names."""
        shutil.rmtree(self.folder, ignore_errors=True)


class FileEnd:
    """Where the bytes of one request go: behind what has arrived of one file.

    Every block is written at its own place. Two requests that send the same bytes, because one of them was thought
    lost, therefore do no harm to each other.
    """

    def __init__(self, upload: Upload, index: int, offset: int) -> None:
        """Open the end of a file.

        Raises:
            NoSuchUploadError: there is no such file in this upload.
            WrongOffsetError: `offset` is not where the file ends.
            NoSpaceError: the disk is nearly full.
        """
        path = upload.path(index)
        if offset != (arrived := upload.received(index)):
            raise WrongOffsetError(arrived)
        self._size = upload.files[index].size
        self._place = offset
        require_space(upload.folder, 0)
        upload.touch()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)

    @property
    def place(self) -> int:
        """Where the next block goes."""
        return self._place

    def write(self, block: bytes | bytearray) -> None:
        """Write the next block.

        Raises:
            UploadTooLargeError: the file would become longer than was announced.
            NoSpaceError: the disk is full.
        """
        if self._place + len(block) > self._size:
            raise UploadTooLargeError(f"more than the {self._size:,} bytes that were announced for this file")
        view = memoryview(block)
        while view:
            try:
                written = os.pwrite(self._descriptor, view, self._place)
            except OSError as error:
                raise NoSpaceError(f"the bytes could not be written ({error.strerror}); make room and resume") from None
            self._place += written
            view = view[written:]

    def close(self) -> None:
        os.close(self._descriptor)


def owner_of(browser: str) -> str:
    """Return what stands for a browser on disk: nobody can make its cookie from it."""
    return hashlib.sha256(f"upload {browser}".encode()).hexdigest()


def create_upload(workspace: Workspace, browser: str, files: Sequence[UploadFile]) -> Upload:
    """Make room for an upload; nothing has arrived yet.

    Args:
        workspace: where to.
        browser: whose upload it is.
        files: what will come.

    Raises:
        UploadNamesError: a name cannot be used, or stands twice.
        UploadTooLargeError: it is more than the limits allow.
        NoSpaceError: the disk does not hold it and what is made of it.
    """
    sweep_uploads(workspace)
    require_names(files)
    require_sizes(files)
    folder = uploads_folder(workspace)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if sum(1 for _ in folder.iterdir()) >= limits.MAX_UPLOADS:
        raise TooManyUploadsError(
            f"{limits.MAX_UPLOADS} uploads are here already; import or cancel one, or wait until one has expired"
        )
    # the files, and the voxels that the import keeps of them
    require_space(folder, 2 * sum(file.size for file in files))
    upload = Upload(folder / secrets.token_hex(16))
    upload.folder.mkdir(mode=0o700)
    (upload.folder / "files").mkdir(mode=0o700)
    document = {"owner": owner_of(browser), "files": [[file.name, file.size] for file in files]}
    descriptor = os.open(upload.folder / "upload.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(json.dumps(document).encode())
    return upload


def find_upload(workspace: Workspace, upload_id: str, browser: str) -> Upload:
    """Return an upload of this browser.

    Raises:
        NoSuchUploadError: there is none of that id, or another browser sends it.
    """
    folder = uploads_folder(workspace) / upload_id
    known = UPLOAD_ID.fullmatch(upload_id) and (folder / "upload.json").exists()
    if not known or not browser or _announced(str(folder))[0] != owner_of(browser):
        raise NoSuchUploadError("this upload is not here any more; start it again")
    return Upload(folder)


def uploads_of(workspace: Workspace, browser: str) -> list[Upload]:
    """Return a browser's uploads, the one that was busy last first."""
    found = []
    for path in uploads_folder(workspace).glob("*/upload.json"):
        try:
            found.append((path.parent.stat().st_mtime, find_upload(workspace, path.parent.name, browser)))
        except (NoSuchUploadError, FileNotFoundError):
            continue
    return [upload for _, upload in sorted(found, key=lambda pair: -pair[0])]


def sweep_uploads(workspace: Workspace, now_s: float | None = None) -> None:
    """Delete the uploads that nothing has touched for a day."""
    now_s = time.time() if now_s is None else now_s
    for folder in uploads_folder(workspace).glob("*"):
        try:
            idle_s = now_s - folder.stat().st_mtime
        except FileNotFoundError:
            continue
        if idle_s > limits.UPLOAD_KEPT_S:
            shutil.rmtree(folder, ignore_errors=True)


def uploads_folder(workspace: Workspace) -> Path:
    """Return the folder that holds every upload of a workspace."""
    return workspace.root / "uploads"


def require_space(folder: Path, more_bytes: int) -> None:
    """Refuse what would leave the disk too full.

    Raises:
        NoSpaceError: it would.
    """
    free = shutil.disk_usage(folder).free
    if free - more_bytes < limits.FREE_DISK_BYTES:
        raise NoSpaceError(
            f"the server has {free / 1e9:.1f} GB free and needs {(more_bytes + limits.FREE_DISK_BYTES) / 1e9:.1f} GB "
            "for this (the files, what is kept of them, and a reserve); make room first"
        )


@lru_cache(maxsize=16)
def _announced(folder: str) -> tuple[str, tuple[UploadFile, ...]]:
    # never changes once written, and is asked for with every request
    document: dict[str, Any] = json.loads((Path(folder) / "upload.json").read_bytes())
    return document["owner"], tuple(UploadFile(name, size) for name, size in document["files"])
