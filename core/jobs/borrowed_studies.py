"""Studies to segment whose files are here already: a case of a cohort, or a study that was segmented before."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from core.errors import RefusedError
from core.jobs.aligned_studies import FOLDER as ALIGNED
from core.jobs.arriving import ArrivingUpload
from core.jobs.segmentations import SegmentationJob
from core.jobs.uploads import Upload
from core.workspace import Cohort, Workspace

BLOCK_BYTES = 1 << 20


def bring_case(workspace: Workspace, cohort: Cohort, case_id: str) -> Upload:
    """Return an upload with copies of a case's own files, without its reference.

    Raises:
        RefusedError: a file is gone, or there is no room.
    """
    sources = cohort.cases[case_id].case.sources
    files = list(dict.fromkeys(file for source in sources.values() for file in source.files))
    arriving = ArrivingUpload(workspace, sum(file.stat().st_size for file in files if file.exists()))
    try:
        for number, file in enumerate(files):
            arriving.begin(_name(file, number, files))
            with file.open("rb") as stream:
                while block := stream.read(BLOCK_BYTES):
                    arriving.write(block)
        return arriving.finish()
    except FileNotFoundError:
        arriving.upload.remove()
        raise RefusedError(f"a file of {case_id} is gone; import the cohort again, or bring the files") from None
    except BaseException:
        arriving.upload.remove()
        raise


def bring_again(workspace: Workspace, job: SegmentationJob) -> Upload:
    """Return an upload that shares the files of a study that was segmented before.

    Raises:
        RefusedError: they are gone.
    """
    before, upload = job.input, ArrivingUpload(workspace).upload
    try:
        for path in sorted((before.folder / "files").iterdir()):
            _link(path, upload.folder / "files" / path.name)
        _link(before.folder / "upload.json", upload.folder / "upload.json")
        for path in sorted((before.folder / ALIGNED).glob("[!.]*/*")):  # what took a minute is not done again
            target = upload.folder / path.relative_to(before.folder)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _link(path, target)
    except FileNotFoundError:
        upload.remove()
        raise RefusedError("the files of this study are deleted already; bring them again") from None
    except BaseException:
        upload.remove()
        raise
    return upload


def _name(file: Path, number: int, files: list[Path]) -> str:
    """Return the file's own name, for sequences are told by it; one that stands twice gets a folder."""
    return file.name if sum(each.name == file.name for each in files) == 1 else f"{number}/{file.name}"


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without links
        shutil.copyfile(source, target)
        target.chmod(0o600)
