"""Files on their way in: what is taken, what is refused, and what is left behind."""

from __future__ import annotations

import os
import shutil
import stat
import time
from typing import NamedTuple

import pytest

from core.data import limits
from core.jobs.upload_rules import UploadFile, UploadNamesError, UploadTooLargeError
from core.jobs.uploads import (
    FileEnd,
    NoSpaceError,
    NoSuchUploadError,
    Upload,
    WrongOffsetError,
    create_upload,
    find_upload,
    sweep_uploads,
    uploads_folder,
    uploads_of,
)
from core.workspace import Workspace

BROWSER, OTHER = "ab" * 16, "cd" * 16
FILES = [UploadFile("Doe^Jane/one.nii", 5), UploadFile("Doe^Jane/two.nii", 3), UploadFile("Doe^Jane/empty", 0)]


def send(upload: Upload, index: int, offset: int, content: bytes) -> None:
    end = FileEnd(upload, index, offset)
    try:
        end.write(content)
    finally:
        end.close()


def test_pieces_come_together_and_an_empty_file_needs_none(workspace: Workspace) -> None:
    upload = create_upload(workspace, BROWSER, FILES)
    send(upload, 0, 0, b"he")
    send(upload, 1, 0, b"abc")
    assert [upload.received(index) for index in range(3)] == [2, 3, 0]
    assert not upload.is_complete
    send(upload, 0, 2, b"llo")
    assert upload.path(0).read_bytes() == b"hello"
    assert upload.is_complete


def test_a_piece_at_a_wrong_place_is_refused_with_the_right_one(workspace: Workspace) -> None:
    upload = create_upload(workspace, BROWSER, FILES)
    send(upload, 0, 0, b"he")
    for wrong in (0, 1, 3):
        with pytest.raises(WrongOffsetError) as refused:
            send(upload, 0, wrong, b"x")
        assert refused.value.offset == 2
    assert upload.path(0).read_bytes() == b"he"


def test_a_request_that_was_thought_lost_does_no_harm(workspace: Workspace) -> None:
    upload = create_upload(workspace, BROWSER, FILES)
    slow = FileEnd(upload, 0, 0)
    slow.write(b"he")
    send(upload, 0, 2, b"llo")
    slow.write(b"llo")
    slow.close()
    assert upload.path(0).read_bytes() == b"hello"


def test_more_than_was_announced_is_refused(workspace: Workspace) -> None:
    upload = create_upload(workspace, BROWSER, FILES)
    with pytest.raises(UploadTooLargeError, match="more than the 5 bytes"):
        send(upload, 0, 0, b"hello!")
    with pytest.raises(NoSuchUploadError):
        send(upload, 3, 0, b"x")


def test_names_are_in_one_private_file_and_nowhere_else(workspace: Workspace) -> None:
    upload = create_upload(workspace, BROWSER, FILES)
    send(upload, 0, 0, b"hello")
    names = [str(path.relative_to(workspace.root)) for path in workspace.root.rglob("*")]
    assert not [name for name in names if "Jane" in name]
    assert stat.S_IMODE((upload.folder / "upload.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(upload.folder.stat().st_mode) == 0o700
    assert BROWSER not in (upload.folder / "upload.json").read_text()


@pytest.mark.parametrize("upload_id", ["", "..", "x" * 32, "../uploads", "0" * 32])
def test_only_its_own_browser_finds_an_upload(workspace: Workspace, upload_id: str) -> None:
    upload = create_upload(workspace, BROWSER, FILES)
    assert find_upload(workspace, upload.id, BROWSER).id == upload.id
    for other in (OTHER, ""):
        with pytest.raises(NoSuchUploadError):
            find_upload(workspace, upload.id, other)
    with pytest.raises(NoSuchUploadError):
        find_upload(workspace, upload_id, BROWSER)
    assert [found.id for found in uploads_of(workspace, BROWSER)] == [upload.id]
    assert uploads_of(workspace, OTHER) == []


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "a//b", "a/../b", "./a", "a/", "a\\b", "a\nb", "a\x00", "x" * 256, "a/" * 30 + "b", "\ud800"],
)
def test_names_that_could_lead_elsewhere_are_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(UploadNamesError, match="the name of file 2"):
        create_upload(workspace, BROWSER, [UploadFile("fine.nii", 1), UploadFile(name, 1)])
    assert not list(uploads_folder(workspace).glob("*"))


def test_a_name_that_stands_twice_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UploadNamesError, match="file 2 has the name of an earlier one"):
        create_upload(workspace, BROWSER, [UploadFile("a", 1), UploadFile("a", 1)])


def test_limits_on_files_bytes_and_uploads(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UPLOAD_FILES", 3)
    monkeypatch.setattr(limits, "MAX_UPLOAD_FILE_BYTES", 10)
    monkeypatch.setattr(limits, "MAX_UPLOAD_BYTES", 18)
    monkeypatch.setattr(limits, "MAX_UPLOADS", 2)
    for sizes in ([1, 1, 1, 1], [11], [9, 9, 1]):
        with pytest.raises(UploadTooLargeError):
            create_upload(workspace, BROWSER, [UploadFile(str(n), size) for n, size in enumerate(sizes)])
    for _ in range(2):
        create_upload(workspace, BROWSER, [UploadFile("a", 10)])
    with pytest.raises(UploadTooLargeError, match="2 uploads are here already"):
        create_upload(workspace, BROWSER, [UploadFile("a", 10)])


class Disk(NamedTuple):
    total: int
    used: int
    free: int


def test_a_disk_without_room_for_the_files_and_the_import_is_said_first(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = limits.FREE_DISK_BYTES + 2 * 8
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(0, 0, free))
    upload = create_upload(workspace, BROWSER, FILES)
    with pytest.raises(NoSpaceError, match="make room first"):
        create_upload(workspace, BROWSER, [UploadFile("a", 9)])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(0, 0, limits.FREE_DISK_BYTES - 1))
    with pytest.raises(NoSpaceError):
        FileEnd(upload, 0, 0)


def test_an_upload_that_nothing_has_touched_for_a_day_is_deleted(workspace: Workspace) -> None:
    old, busy = (create_upload(workspace, BROWSER, FILES) for _ in range(2))
    day_ago = time.time() - limits.UPLOAD_KEPT_S - 1
    for upload in (old, busy):
        os.utime(upload.folder, (day_ago, day_ago))
    send(busy, 0, 0, b"he")
    sweep_uploads(workspace)
    assert [path.name for path in uploads_folder(workspace).iterdir()] == [busy.id]
