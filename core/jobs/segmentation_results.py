"""What a study's job gives back: one file, or a zip of several."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.atomic import replacing
from core.jobs.segmentation_choices import require_formats
from core.jobs.segmentations import SegmentationJob
from core.workspace import NotInWorkspaceError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: the same files give the same bytes


def result_file(job: SegmentationJob, wanted: str, case: str | None = None) -> Path:
    """Return a study's masks in a format, making them in that format where that was not done yet.

    Args:
        job: the study's.
        wanted: the format.
        case: of several cases this one alone.

    Raises:
        NotDoneError: it is not done.
        UnknownExportError: there is no such format, or none for a study.
        NotInWorkspaceError: the study has no such case.
        RefusedError: the format does not fit the study; the message says why.
    """
    document = job.document()
    require_formats([wanted])
    cases = [found for found in document["cases"] if case in (None, found["case"])]
    if not cases:
        known = ", ".join(found["case"] for found in document["cases"])
        raise NotInWorkspaceError(f"this study has no case called {str(case)[:100]!r}; it has {known}")
    files = [job.result / name for found in cases for name in _names(found)]
    if len(files) == 1:
        return files[0]
    return _zipped(job.folder / "exports" / f"{cases[0]['case'] if case else 'study'}-{wanted}.zip", files)


def _names(case: dict[str, Any]) -> list[str]:
    return [str(name) for name in case["files"]]


def _zipped(path: Path, files: Sequence[Path]) -> Path:
    if not path.exists():
        with replacing(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for file in files:
                entry = zipfile.ZipInfo(file.name, EPOCH)
                with archive.open(entry, "w", force_zip64=True) as target, file.open("rb") as source:
                    shutil.copyfileobj(source, target, 1 << 20)
    return path
