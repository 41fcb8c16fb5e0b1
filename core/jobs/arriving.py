"""An upload of which nobody has said beforehand what it consists of: a form's files as they come off the wire."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from core.data import limits
from core.jobs.upload_rules import UploadFile, UploadTooLargeError, require_names
from core.jobs.uploads import NoSpaceError, TooManyUploadsError, Upload, require_space, sweep_uploads, uploads_folder
from core.workspace import Workspace

LOOK_FOR_SPACE_EVERY_BYTES = 256 * 1024**2


class ArrivingUpload:
    """Takes files one after the other, under numbers; what they are called is written down and never a path."""

    def __init__(self, workspace: Workspace, announced_bytes: int = 0) -> None:
        """Make room for an upload.

        Args:
            workspace: where to.
            announced_bytes: how long the whole request says it is; 0 where it does not.

        Raises:
            TooManyUploadsError: others are under way already.
            UploadTooLargeError: it is more than the limits allow.
            NoSpaceError: the disk does not hold it and what is made of it.
        """
        if announced_bytes > limits.MAX_UPLOAD_BYTES + limits.MAX_UPLOAD_LIST_BYTES:
            raise too_large()
        sweep_uploads(workspace)
        place = uploads_folder(workspace)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if sum(1 for _ in place.iterdir()) >= limits.MAX_UPLOADS:
            raise TooManyUploadsError(f"{limits.MAX_UPLOADS} uploads are under way already; try again in a moment")
        require_space(place, 2 * announced_bytes)
        self.upload = Upload(place / secrets.token_hex(16))
        self.upload.folder.mkdir(mode=0o700)
        (self.upload.folder / "files").mkdir(mode=0o700)
        self._files: list[UploadFile] = []
        self._bytes = self._looked = 0

    def begin(self, name: str) -> None:
        """Begin the next file.

        Raises:
            UploadTooLargeError: there are as many as there may be.
        """
        if len(self._files) >= limits.MAX_UPLOAD_FILES:
            raise UploadTooLargeError(f"more than {limits.MAX_UPLOAD_FILES:,} files; zip them")
        self._files.append(UploadFile(name, 0))
        self._write(b"", os.O_CREAT | os.O_EXCL)

    def write(self, block: bytes | bytearray) -> None:
        """Add bytes to the file that was begun last.

        Raises:
            UploadTooLargeError: more than one file or all together may have.
            NoSpaceError: the disk is full.
        """
        last = self._files[-1]
        self._files[-1] = UploadFile(last.name, last.size + len(block))
        self._bytes += len(block)
        if self._files[-1].size > limits.MAX_UPLOAD_FILE_BYTES or self._bytes > limits.MAX_UPLOAD_BYTES:
            raise too_large()
        if self._bytes - self._looked > LOOK_FOR_SPACE_EVERY_BYTES:
            require_space(self.upload.folder, 0)
            self.upload.touch()
            self._looked = self._bytes
        self._write(block, 0)

    def finish(self) -> Upload:
        """Write down what came, and return it. It belongs to no browser.

        Raises:
            UploadNamesError: there is no file, or a name cannot be used or stands twice.
        """
        require_names(self._files)
        document = {"owner": "", "files": [[file.name, file.size] for file in self._files]}
        descriptor = os.open(self.upload.folder / "upload.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(json.dumps(document).encode())
        return self.upload

    def _write(self, block: bytes | bytearray, flags: int) -> None:
        path: Path = self.upload.folder / "files" / f"{len(self._files) - 1:06d}"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | flags, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(block)
        except OSError as error:
            raise NoSpaceError(f"the bytes could not be written ({error.strerror}); make room on the server") from None


def too_large() -> UploadTooLargeError:
    """Return what says that a study is more than may be brought at once."""
    most, each = limits.MAX_UPLOAD_BYTES / 1024**3, limits.MAX_UPLOAD_FILE_BYTES / 1024**3
    return UploadTooLargeError(f"more than one study may have: {most:.0f} GB, and {each:.0f} GB per file")
