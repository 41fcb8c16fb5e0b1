"""The bounded process that reads what somebody brought: `python -m core.jobs.import_work JOB`."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.atomic import write_json
from core.data import limits
from core.data.layouts.spec import Layout
from core.data.refusal import Finding, InputRefusedError
from core.errors import JobFailedError, RefusedError
from core.importing import check_folder, import_folder, read_cases
from core.jobs.bounded import bound_this_process
from core.jobs.finding_pictures import draw_findings
from core.jobs.folder import JobFolder
from core.jobs.import_cases import ImportRequest, request_of, running_status
from core.jobs.upload_tree import said_while_unpacking
from core.jobs.uploads import Upload, uploads_folder
from core.workspace import Workspace, safe_name

FIRST = "reading the names"
SAY_EVERY_S = 1.0


def work(workspace: Workspace, job: JobFolder) -> None:
    """Do a job's work and write `report.json`.

    Raises:
        RefusedError: the input cannot be used; a check says so in its report instead.
    """
    request = request_of(job)
    _Progress(workspace, job, request).say(FIRST, 0, 0)
    report = _check(workspace, job, request) if request.mode == "check" else _import(workspace, job, request)
    write_json(job.folder / "report.json", report)


class _Progress:
    """Says how far a job is, and ends with the process that watches it."""

    def __init__(self, workspace: Workspace, job: JobFolder, request: ImportRequest) -> None:
        self._job = job
        self._watcher = os.getppid()
        self._said_s = 0.0
        self._upload = Upload(uploads_folder(workspace) / safe_name(request.upload)) if request.upload else None

    def unpacking(self, done_bytes: int, total_bytes: int | None) -> None:
        if time.monotonic() - self._said_s > SAY_EVERY_S:
            of = f" of {total_bytes / 1e6:,.0f}" if total_bytes else ""
            self.say(f"unpacking: {done_bytes / 1e6:,.0f}{of} MB", 0, 0)

    def say(self, label: str, done: int, total: int) -> None:
        if os.getppid() != self._watcher:
            raise JobFailedError("the process that watched this one is gone")
        status = running_status(self._job)
        status.label, status.done, status.total = label, done, total
        self._job.write(status)
        self._said_s = time.monotonic()
        if self._upload is not None:
            self._upload.touch()  # or it would be swept as forgotten


def _check(workspace: Workspace, job: JobFolder, request: ImportRequest) -> dict[str, Any]:
    progress = _Progress(workspace, job, request)
    choices = replace(request.choices, copy=False)
    layout: Layout | None = None
    accepted = 0
    try:
        source = request.source(workspace, progress.unpacking)
        layout, findings, accepted = check_folder(source, choices, progress.say)
    except InputRefusedError as error:
        findings = list(error.findings)
        with suppress(InputRefusedError):  # it may be the labels alone that are not understood
            layout = read_cases(request.source(workspace), choices)
            findings += layout.findings
    if request.upload:
        findings += said_while_unpacking(Upload(uploads_folder(workspace) / safe_name(request.upload)))
    pictures: dict[int, str] = {}
    if layout is not None:
        progress.say("drawing what was found", len(layout.cases), len(layout.cases))
        pictures = draw_findings(layout.cases, findings, job.folder / "pictures")
    return {
        "accepted": accepted,
        **_layout_facts(layout),
        "findings": [
            finding.to_json() | {"picture": pictures.get(number, "")} for number, finding in enumerate(findings)
        ],
    }


def _layout_facts(layout: Layout | None) -> dict[str, Any]:
    if layout is None:
        return {"layout": None, "why": "", "scheme": None, "cases": 0, "patients": 0, "modalities": {}, "references": 0}
    modalities: dict[str, int] = {}
    for case in layout.cases:
        for name in case.sources:
            modalities[name] = modalities.get(name, 0) + 1
    return {
        "layout": layout.name,
        "why": layout.why,
        "scheme": layout.scheme,
        "cases": len(layout.cases),
        "patients": len({case.patient_id for case in layout.cases}),
        "modalities": modalities,
        "references": sum(case.reference is not None for case in layout.cases),
    }


def _import(workspace: Workspace, job: JobFolder, request: ImportRequest) -> dict[str, Any]:
    progress = _Progress(workspace, job, request)
    source = request.source(workspace, progress.unpacking)
    report = import_folder(workspace, source, request.cohort, request.choices, progress.say)
    return report.to_json()


def in_a_sentence(error: BaseException) -> str:
    """Say why a job ended, without what only a programmer reads."""
    if isinstance(error, InputRefusedError):
        return _first_of(error.findings)
    if isinstance(error, (RefusedError, JobFailedError)):
        return str(error)
    if isinstance(error, MemoryError):
        return (
            f"it needed more than the {limits.IMPORT_MEMORY_BYTES / 1024**3:.0f} GB of memory that an import may have; "
            "bring the data in smaller parts"
        )
    if type(error).__name__ == "BrokenProcessPool":
        return "a file made its reader crash, or the memory ran out; check the files, or bring them in smaller parts"
    if isinstance(error, OSError):
        return f"a file or the disk could not be used ({error.strerror or 'unknown reason'}); check both and try again"
    return f"something unforeseen went wrong ({type(error).__name__}); what it was stands in the job's output.txt"


def _first_of(findings: tuple[Finding, ...]) -> str:
    more = len(findings) - 1
    return f"{findings[0].sentence}{f' And {more} more finding(s).' if more else ''}" if findings else "no case is left"


def main(job_id: str) -> int:
    """Run one job within its bounds; the exit code says whether it was done."""
    bound_this_process(limits.IMPORT_MEMORY_BYTES, limits.IMPORT_CPU_S)
    workspace = Workspace.default()
    job = JobFolder(workspace.jobs / Path(job_id).name)
    try:
        work(workspace, job)
    except Exception as error:
        status = running_status(job)
        status.message = in_a_sentence(error)
        job.write(status)
        if not isinstance(error, (RefusedError, JobFailedError)):
            raise
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
