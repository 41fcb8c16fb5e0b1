"""Checking and importing as a job: what it finds, what it leaves, and how it dies."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from core.data import limits
from core.errors import RefusedError
from core.jobs import import_cases
from core.jobs.folder import JobFolder
from core.jobs.import_cases import (
    CohortNameError,
    ImportRequest,
    cancel_import,
    find_import,
    forget_import,
    report_of,
    require_new_name,
    watch,
)
from core.jobs.import_roots import VARIABLE
from core.jobs.upload_rules import UploadFile
from core.jobs.uploads import FileEnd, Upload, create_upload, owner_of, uploads_folder
from core.workspace import Cohort, NotInWorkspaceError, Workspace
from tests.cases import case_id, write_case, write_cohort

BROWSER = "ab" * 16


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two good cases and one without FLAIR, in a folder that may be imported."""
    folder = write_cohort(tmp_path / "files" / "three", 2)
    write_case(folder, case_id(3), 3, suffix=".nii", without=["t2f"])
    monkeypatch.setenv(VARIABLE, str(tmp_path / "files"))
    return folder


def job(workspace: Workspace, **asked: object) -> JobFolder:
    request = {"mode": "check", "owner": owner_of(BROWSER), **asked}
    return JobFolder.create(workspace, "import", "Importing", request)


def sent(workspace: Workspace, folder: Path, top: str) -> Upload:
    """A folder as an upload, under `top` where the browser had it."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    listed = [UploadFile(f"{top}/{path.relative_to(folder).as_posix()}", path.stat().st_size) for path in paths]
    upload = create_upload(workspace, BROWSER, listed)
    for index, path in enumerate(paths):
        end = FileEnd(upload, index, 0)
        end.write(path.read_bytes())
        end.close()
    return upload


def test_a_check_lists_what_is_wrong_and_imports_nothing(workspace: Workspace, files: Path) -> None:
    checked = job(workspace, folder=str(files))
    watch(workspace, checked)
    assert (checked.status.state, checked.status.message) == ("done", "")
    report = report_of(checked)
    assert (report["accepted"], report["cases"], report["patients"]) == (2, 2, 2)
    assert (report["layout"], report["references"]) == ("brats", 2)
    assert report["modalities"] == {"t1n": 2, "t1c": 2, "t2w": 2, "t2f": 2}
    errors = [finding for finding in report["findings"] if finding["severity"] == "error"]
    assert [(finding["code"], finding["case"]) for finding in errors] == [("missing_modality", case_id(3))]
    assert workspace.cohort_names() == []


def test_an_upload_is_imported_and_then_gone_with_every_name_in_it(workspace: Workspace, files: Path) -> None:
    upload = sent(workspace, files, "Doe^Jane 1971")
    done = job(workspace, mode="import", upload=upload.id, cohort="new", scheme="brats-2023", licence="CC BY 4.0")
    watch(workspace, done)
    assert (done.status.state, done.status.message) == ("done", "")
    cohort = workspace.cohort("new")
    assert (len(cohort.cases), cohort.licence) == (2, "CC BY 4.0")
    assert all(file.exists() for case in cohort.cases.values() for s in case.case.sources.values() for file in s.files)
    assert not list(uploads_folder(workspace).iterdir())
    told = [path for path in workspace.root.rglob("*") if "Jane" in path.name or "Jane" in readable(path)]
    assert told == []


def test_the_path_of_a_server_folder_is_forgotten_once_it_is_imported(workspace: Workspace, files: Path) -> None:
    """Its cases are called by their place, as their names may be a person's, and so is everything else."""
    folder = files.rename(files.parent / "Doe^Jane")
    for case in sorted(folder.iterdir()):
        for file in case.iterdir():
            file.rename(case / file.name.replace("BraTS-TST", "Jane"))
    done = job(workspace, mode="import", folder=str(folder), cohort="new", scheme="brats-2023")
    watch(workspace, done)
    assert (done.status.state, done.status.message) == ("done", "")
    assert list(workspace.cohort("new").cases) == ["case-001", "case-002"]
    assert [path for path in workspace.root.rglob("*") if "Jane" in path.name or "Jane" in readable(path)] == []


def readable(path: Path) -> str:
    return path.read_bytes().decode("latin-1") if path.is_file() else ""


def test_nothing_that_can_be_used_is_a_sentence_and_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "notes.txt").write_text("no scan")
    upload = sent(workspace, folder, "notes")
    checked = job(workspace, upload=upload.id)
    watch(workspace, checked)
    assert checked.status.state == "done"
    assert report_of(checked)["accepted"] == 0
    assert report_of(checked)["findings"]
    failed = job(workspace, mode="import", upload=upload.id, cohort="new")
    watch(workspace, failed)
    assert failed.status.state == "failed"
    assert "found" in failed.status.message
    assert workspace.cohort_names() == []
    assert upload.folder.exists(), "another try must be possible"


def half_imported(workspace: Workspace) -> list[Path]:
    made = [workspace.stored_cohort("new") / "a", workspace.kept_folder("new", "a"), workspace.cohort_folder("new")]
    for folder in made:
        folder.mkdir(parents=True)
    return made


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "a file made its reader crash"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ran out of memory"),
        ("from core.jobs.bounded import *; bound_this_process(2**33, 1)\nwhile True: pass", "processor time"),
        ("raise SystemExit(7)", "exit code 7"),
    ],
)
def test_however_the_child_dies_a_sentence_says_so_and_nothing_is_left(
    workspace: Workspace, files: Path, monkeypatch: pytest.MonkeyPatch, code: str, sentence: str
) -> None:
    monkeypatch.setattr(import_cases, "child_command", lambda _: [sys.executable, "-c", code])
    dying = job(workspace, mode="import", folder=str(files), cohort="new")
    made = half_imported(workspace)
    watch(workspace, dying)
    assert dying.status.state == "failed"
    assert sentence in dying.status.message
    assert not [folder for folder in made if folder.exists()]


def test_memory_is_bounded() -> None:
    import subprocess

    code = "from core.jobs.bounded import *; bound_this_process(2**30, 60); bytearray(2**31)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MemoryError" in ended.stderr


def test_a_cancelled_import_ends_at_once_and_leaves_nothing(
    workspace: Workspace, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_cases, "child_command", lambda _: [sys.executable, "-c", "import time; time.sleep(60)"])
    stopped = job(workspace, mode="import", folder=str(files), cohort="new")
    made = half_imported(workspace)
    watcher = threading.Thread(target=watch, args=(workspace, stopped))
    began = time.monotonic()
    watcher.start()
    cancel_import(stopped)
    watcher.join(20)
    assert time.monotonic() - began < 20
    assert (stopped.status.state, stopped.status.message) == ("failed", "cancelled")
    assert not [folder for folder in made if folder.exists()]


def test_a_cohort_that_is_there_is_never_touched(workspace: Workspace, small: Cohort) -> None:
    for name in (small.name, "../small", "", "a b"):
        with pytest.raises(CohortNameError):
            require_new_name(workspace, name)
    job(workspace, mode="import", folder="x", cohort="soon")
    with pytest.raises(CohortNameError, match="already"):
        require_new_name(workspace, "soon")
    require_new_name(workspace, "free")


def test_only_its_own_browser_finds_a_job_and_forgetting_takes_the_upload_along(
    workspace: Workspace, files: Path
) -> None:
    upload = sent(workspace, files, "x")
    mine = job(workspace, upload=upload.id)
    assert find_import(workspace, mine.id, BROWSER).id == mine.id
    for job_id, browser in ((mine.id, "cd" * 16), ("import-1-abc", BROWSER), ("../jobs", BROWSER)):
        with pytest.raises(NotInWorkspaceError):
            find_import(workspace, job_id, browser)
    forget_import(workspace, mine)
    assert not mine.folder.exists()
    assert not upload.folder.exists()


def test_a_folder_outside_the_allowed_ones_is_refused_also_through_a_link(
    workspace: Workspace, files: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (files.parent / "link").symlink_to(outside)
    for folder in (outside, files.parent / "link", files.parent / ".." / "outside", files / "nothing"):
        with pytest.raises(RefusedError):
            ImportRequest("check", folder=str(folder)).source(workspace)
    assert ImportRequest("check", folder=str(files)).source(workspace) == files.resolve()


def test_old_checks_are_deleted_with_their_pictures(workspace: Workspace, files: Path) -> None:
    import os

    old, new = job(workspace, folder=str(files)), job(workspace, folder=str(files))
    for each in (old, new):
        status = each.take()
        status.state = "done"
        each.write(status)
    day_ago = time.time() - limits.UPLOAD_KEPT_S - 1
    os.utime(old.folder / "status.json", (day_ago, day_ago))
    import_cases.forget_old_jobs(workspace)
    assert [folder.name for folder in workspace.jobs.iterdir()] == [new.id]
