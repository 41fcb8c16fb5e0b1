"""An upload becomes the folder that it was."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from core.data.refusal import InputRefusedError
from core.importing import read_study
from core.jobs.import_cases import ImportRequest
from core.jobs.segmentations import SegmentationRequest
from core.jobs.upload_rules import UploadFile
from core.jobs.upload_tree import FOLDER, UploadIncompleteError, archive_stem, lay_out, said_while_unpacking
from core.jobs.uploads import FileEnd, Upload, create_upload
from core.workspace import Workspace


def sent(workspace: Workspace, files: dict[str, bytes]) -> Upload:
    upload = create_upload(workspace, "ab" * 16, [UploadFile(name, len(content)) for name, content in files.items()])
    for index, content in enumerate(files.values()):
        if content:
            end = FileEnd(upload, index, 0)
            end.write(content)
            end.close()
    return upload


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_files_get_their_names_without_being_copied(workspace: Workspace) -> None:
    upload = sent(workspace, {"a/one.nii": b"1", "a/b/two.nii": b"22", "a/empty": b""})
    root = lay_out(upload)
    assert tree(root) == {"a/one.nii": b"1", "a/b/two.nii": b"22", "a/empty": b""}
    assert (root / "a" / "one.nii").samefile(upload.path(0))
    assert lay_out(upload) == root


def test_a_single_archive_becomes_what_is_in_it(workspace: Workspace) -> None:
    upload = sent(workspace, {"study.zip": zipped({"s/1.dcm": b"x", "__MACOSX/._1.dcm": b"junk"})})
    assert tree(lay_out(upload)) == {"s/1.dcm": b"x"}
    assert [finding.code for finding in said_while_unpacking(upload)] == ["archive_junk"]


def test_archives_among_files_become_folders_beside_them(workspace: Workspace) -> None:
    upload = sent(workspace, {"a.zip": zipped({"1": b"x"}), "a": b"y", "deep/b.ZIP": zipped({"2": b"z"})})
    assert tree(lay_out(upload)) == {"a": b"y", "a 2/1": b"x", "deep/b/2": b"z"}


def test_a_broken_archive_is_refused_without_its_name_and_leaves_no_folder(workspace: Workspace) -> None:
    good = zipped({"1": b"x" * 100})
    upload = sent(workspace, {"Jane.zip": good[: len(good) // 2], "b.nii": b"1"})
    with pytest.raises(InputRefusedError) as refused:
        lay_out(upload)
    assert "Jane" not in str(refused.value)
    assert refused.value.findings[0].file == "file 1"
    assert not (upload.folder / FOLDER).exists()


def test_an_upload_without_a_case_is_refused_without_the_name_of_a_folder_that_nobody_named(
    workspace: Workspace,
) -> None:
    upload = sent(workspace, {"notes.zip": zipped({"one.txt": b"1", "two.txt": b"2"})})
    asked = (SegmentationRequest("auto"), ImportRequest("check", upload=upload.folder.name))
    for choices in (request.choices for request in asked):
        with pytest.raises(InputRefusedError) as refused:
            read_study(lay_out(upload), choices)
        assert str(refused.value).startswith("found no case in these files; expected files named like ")
        assert str(refused.value).endswith("; check or rename them.")


def test_an_upload_with_bytes_missing_is_not_laid_out(workspace: Workspace) -> None:
    upload = create_upload(workspace, "ab" * 16, [UploadFile("a", 1)])
    with pytest.raises(UploadIncompleteError):
        lay_out(upload)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.zip", "a"),
        ("a.TAR.gz", "a"),
        ("a.tgz", "a"),
        ("a.nii.gz", ""),
        ("a.npz", ""),
        (".zip", "archive"),
        ("a", ""),
    ],
)
def test_archives_are_told_by_their_names(name: str, stem: str) -> None:
    assert archive_stem(name) == stem
