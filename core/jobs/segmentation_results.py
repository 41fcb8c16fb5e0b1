"""What a study's job gives back: one file, or a zip of several, in the format that is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from core.atomic import read_json, replacing
from core.errors import JobFailedError, RefusedError
from core.jobs.case_exports import NAMES
from core.jobs.segmentation_choices import require_formats
from core.jobs.segmentations import SegmentationJob
from core.workspace import PROJECT, NotInWorkspaceError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: the same files give the same bytes
PATIENCE_S = 900.0
AT_ONCE = BoundedSemaphore(2)  # processes that write exports


def result_file(job: SegmentationJob, wanted: str, case: str | None = None) -> Path:
    """Return a study's masks in a format, making them in that format where that was not done yet.

    What is not there yet is made by a process of its own: what asks stays quick, and nothing heavy is loaded here.

    Args:
        job: the study's.
        wanted: the format.
        case: of several cases this one alone.

    Raises:
        NotDoneError: it is not done.
        UnknownExportError: there is no such format, or none for a study.
        NotInWorkspaceError: the study has no such case.
        RefusedError: the format does not fit the study; the message says why.
        JobFailedError: the export could not be made.
    """
    document = job.document()
    require_formats([wanted])
    cases = [found for found in document["cases"] if case in (None, found["case"])]
    if not cases:
        known = ", ".join(found["case"] for found in document["cases"])
        raise NotInWorkspaceError(f"this study has no case called {str(case)[:100]!r}; it has {known}")
    if why := _not_had(document, [str(found["case"]) for found in cases]).get(wanted):
        raise RefusedError(why)
    if wanted == "nifti":
        files = [job.result / str(name) for found in cases for name in found["files"]]
    else:
        files = _exported(job, wanted, [str(found["case"]) for found in cases])
    if len(files) == 1:
        return files[0]
    return _zipped(job.folder / "exports" / f"{cases[0]['case'] if case else 'study'}-{wanted}.zip", files)


def formats_not_had(job: SegmentationJob) -> dict[str, str]:
    """Return the formats that no case of a study can be had in: name to the sentence that says why.

    Raises:
        NotDoneError: it is not done.
    """
    document = job.document()
    return _not_had(document, [str(found["case"]) for found in document["cases"]])


def _not_had(document: Mapping[str, Any], cases: Sequence[str]) -> dict[str, str]:
    known = document.get("not_had", {})  # a study of an earlier version does not say it
    first, *others = [known.get(case, {}) for case in cases]
    return {name: str(why) for name, why in first.items() if all(name in other for other in others)}


def _exported(job: SegmentationJob, wanted: str, cases: Sequence[str]) -> list[Path]:
    places = (job.result / wanted, job.folder / "exports" / wanted)
    place = next((each for each in places if (each / NAMES).exists()), None)
    if place is None:
        with AT_ONCE:
            _make(job, wanted)
        place = places[1]
    made = read_json(place / NAMES)
    files = [place / name for case in cases for name in made["files"].get(case, [])]
    if not files:
        raise RefusedError(next((made["refused"][case] for case in cases if case in made["refused"]), _nothing(wanted)))
    return files


def _make(job: SegmentationJob, wanted: str) -> None:
    environment = os.environ | {"SEGSCOPE_WORKSPACE": str(job.workspace.root), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "core.jobs.export_work", job.id, wanted]
    try:
        ended = subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise JobFailedError(f"writing {wanted} took longer than {PATIENCE_S / 60:.0f} minutes") from None
    if ended.returncode == 0:
        return
    sentence = ended.stdout.strip().rpartition("\n")[2] or "the process that writes it ended without a word"
    raise (RefusedError if ended.returncode == 1 else JobFailedError)(sentence)


def _nothing(wanted: str) -> str:
    return f"there is nothing to write as {wanted}: no region of the mask has a voxel"


def _zipped(path: Path, files: Sequence[Path]) -> Path:
    if not path.exists():
        with replacing(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for file in files:
                entry = zipfile.ZipInfo(file.name, EPOCH)
                with archive.open(entry, "w", force_zip64=True) as target, file.open("rb") as source:
                    shutil.copyfileobj(source, target, 1 << 20)
    return path
