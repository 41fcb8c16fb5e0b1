"""The work of one study's job: from the files that somebody brought to masks under their final name."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from core.atomic import new_folder, write_json
from core.checkpoints import Checkpoint
from core.data.layouts.spec import Layout
from core.data.refusal import Finding, InputRefusedError
from core.errors import Cancelled, JobFailedError, RefusedError
from core.importing import read_study
from core.inference.segment import Segmenter
from core.jobs.aligned_studies import AlignedStudies
from core.jobs.case_exports import CaseExporter
from core.jobs.folder import JobStatus
from core.jobs.held_study import HeldStudy
from core.jobs.listening import Listener, quiet
from core.jobs.mask_files import Found
from core.jobs.ready_case import ReadyCase
from core.jobs.segment_files import segment_models
from core.jobs.segmentation_choices import fitting_checkpoint
from core.jobs.segmentations import SegmentationJob, SegmentationRequest
from core.jobs.study_ahead import Files, StudyAhead
from core.jobs.study_steps import StudySteps
from core.jobs.study_view import StudyView
from core.jobs.upload_tree import lay_out, said_while_unpacking
from core.workspace import Workspace

SAY_EVERY_S = 0.25  # to a page
SAY_SELDOM_S = 1.0  # to a program: each time the disk is waited for
PARTS = 1000  # that a study whose steps take unequally long is divided into
RESULT = "result.json"

# makes what segments: with these options and this checkpoint, keeping its predictions in this workspace
SegmenterOf = Callable[[SegmentationRequest, Checkpoint, Workspace], Segmenter]


def segment_study(
    workspace: Workspace,
    job: SegmentationJob,
    segmenter_of: SegmenterOf,
    keep: Callable[[HeldStudy | None], None] = quiet,
    ahead: StudyAhead | None = None,
) -> str:
    """Segment the cases of a study; `result/` appears when all are done.

    Args:
        workspace: where the checkpoints are.
        job: that this process has taken.
        segmenter_of: asked once the files have been looked at.
        keep: given what may be asked more of.
        ahead: may have read the files already, and is told when the next study's can be.

    Returns:
        A sentence on the cases that could not be used; empty where all could.

    Raises:
        Cancelled: somebody asked to end it.
        RefusedError: no case can be used.
    """
    if (job.result / RESULT).exists():  # all was done but to say so
        return ""
    for left in job.folder.glob(".result.*"):
        shutil.rmtree(left, ignore_errors=True)
    for half in job.folder.glob(".*.tmp"):  # of a try that was killed while it wrote
        half.unlink(missing_ok=True)
    progress = Progress(job)
    request = job.asked
    checkpoint = request.checked(workspace)
    progress.say("unpacking")
    read = ahead.take(job) if ahead else {}
    folder = lay_out(job.input, progress.unpacking)
    progress.say("looking at the files")
    layout = read_study(folder, request.choices)
    if checkpoint is None:
        request, checkpoint = _chosen(workspace, request, layout)
    segmenter = segmenter_of(request, checkpoint, Workspace(job.work))
    view = StudyView(workspace, job, request.checkpoint, checkpoint)
    segmenter.on_cut = view.cut if request.shown else None
    with new_folder(job.result) as draft:
        exporter = CaseExporter(request.formats, draft)
        heard: list[Hearing] = [*([view] if request.shown else []), exporter, *([ahead] if ahead else [])]
        aligned = AlignedStudies(job.input)
        cases, refused = _segment(layout, segmenter, checkpoint, request, draft, progress, heard, read, aligned)
        if not cases:
            raise InputRefusedError(*refused)
        not_written = exporter.finish()
        findings = [*layout.findings, *said_while_unpacking(job.input)]
        backend = segmenter.compute.backend
        write_json(draft / RESULT, _document(request, checkpoint, backend, cases, refused, findings, exporter.not_had))
        progress.finish()
    keep(view.held)
    return " ".join([*_not_used(len(refused), len(layout.cases)), *not_written.values()])


class Hearing(Protocol):
    """What hears of a case once it is on one grid, and of its mask."""

    def ready(self, ready: ReadyCase) -> None: ...

    def found(self, ready: ReadyCase, found: Found) -> None: ...


class Progress:
    """Says how far a job is, and hears whether it is to end."""

    def __init__(self, job: SegmentationJob) -> None:
        self._job = job
        self._status: JobStatus = job.status
        self._said_s = self._step_began_s = 0.0
        self._every_s = SAY_EVERY_S if job.asked.shown else SAY_SELDOM_S
        self._steps = StudySteps(job)

    def say(self, label: str, done: int = 0, total: int = 0) -> None:
        """Write down what is being done.

        Raises:
            Cancelled: somebody asked to end it.
        """
        if self._job.is_to_end:
            raise Cancelled("cancelled")
        is_last = total > 0 and done >= total
        if label == self._status.label and not is_last and time.monotonic() - self._said_s < self._every_s:
            return
        self._status.label, self._status.done, self._status.total = label, done, total
        self._job.write(self._status)
        self._said_s = time.monotonic()

    def unpacking(self, done_bytes: int, total_bytes: int | None) -> None:
        """Hear of an archive; how many slices will follow is not known yet."""
        del done_bytes, total_bytes
        self.say("unpacking")

    def of_case(self, number: int, cases: int, heard: Sequence[Hearing]) -> Listener:
        """Return what hears of one case of several, and passes on what was found."""

        def on_slices(done: int, total: int) -> None:
            self._status.slices_done, self._status.slices_total = done, total
            if not self._said_share("segmenting", number, cases, done / max(1, total)):
                so_far_s = time.monotonic() - self._step_began_s
                self._status.left_s = so_far_s * (total - done) / done if cases == 1 else None
                self.say("segmenting", number * total + done, cases * total)

        def on_step(what: str, _done: int, _total: int) -> None:
            self._steps.step(what)
            self._step_began_s = time.monotonic()
            if not self._said_share(what, number, cases):
                self._status.left_s = None
                self.say(what)

        def on_ready(ready: ReadyCase) -> None:
            for each in heard:
                each.ready(ready)

        def on_found(ready: ReadyCase, found: Found) -> None:
            for each in heard:
                each.found(ready, found)

        return Listener(on_step, on_slices, on_ready, on_found, self._steps.raw)

    def finish(self) -> None:
        """Write down that all is done but to put it in its place."""
        self._steps.finish()
        self._status.left_s = None
        self.say("finishing", 1, 1)

    def _said_share(self, label: str, number: int, cases: int, within: float = 0.0) -> bool:
        """Write down how much of a study's planned steps is done; False where none were planned."""
        share = self._steps.share(within)
        if share is None:
            return False
        self._status.left_s = self._steps.left_s(within) if cases == 1 else None
        self.say(label, round(PARTS * (number + share)), PARTS * cases)
        return True


def in_a_sentence(error: BaseException) -> str:
    """Say why a study could not be segmented, without what only a programmer reads."""
    if isinstance(error, InputRefusedError):
        more = len(error.findings) - 1
        first = error.findings[0].sentence if error.findings else "there is no case in these files."
        return f"{first}{f' And {more} more finding(s).' if more > 0 else ''}"
    if isinstance(error, (RefusedError, JobFailedError)):
        return str(error)
    if isinstance(error, ModuleNotFoundError):  # requirements-light.txt has not everything
        return f"this study needs {error.name}, which is not installed here; bring it where requirements.txt is"
    if isinstance(error, MemoryError) or type(error).__name__ in ("OutOfMemoryError", "AcceleratorError"):
        return "it needed more memory than there is; bring a smaller study, or one with fewer options"
    if isinstance(error, OSError):
        return f"a file or the disk could not be used ({error.strerror or 'unknown reason'}); check both and try again"
    return f"something unforeseen went wrong ({type(error).__name__}); what it was stands in the job's output.txt"


def _segment(
    layout: Layout,
    segmenter: Segmenter,
    checkpoint: Checkpoint,
    request: SegmentationRequest,
    out: Path,
    progress: Progress,
    heard: Sequence[Hearing],
    read: Files,
    aligned: AlignedStudies,
) -> tuple[list[dict[str, Any]], list[Finding]]:
    cases: list[dict[str, Any]] = []
    refused = [finding for finding in layout.findings if finding.severity == "error"]
    for number, case in enumerate(layout.cases):
        progress.say(f"reading case {number + 1} of {len(layout.cases)}")
        told = progress.of_case(number, len(layout.cases), heard)
        try:
            (found,) = segment_models(
                segmenter,
                case,
                {"": checkpoint},
                out,
                request.choices,
                layout.private_names,
                told,
                as_is=request.as_is,
                files=read.pop(case.case_id, None),
                aligned=aligned,
            )
        except InputRefusedError as error:  # the other cases go on
            refused += error.findings
            continue
        except RefusedError as error:
            if len(layout.cases) == 1:
                raise
            refused.append(Finding("error", "not_segmentable", case.case_id, "", str(error), "a case that fits", ""))
            continue
        names = {"file": found.file.name, "files": [file.name for file in found.files]}
        cases.append(found.to_json() | names)
    return cases, refused


def _chosen(
    workspace: Workspace, request: SegmentationRequest, layout: Layout
) -> tuple[SegmentationRequest, Checkpoint]:
    """Choose the checkpoint by what the first case has."""
    if not layout.cases:
        raise InputRefusedError(*layout.findings)
    scheme = request.choices.scheme
    named = fitting_checkpoint(workspace, layout.cases[0].sources, scheme.region_names if scheme else ())
    return replace(request, checkpoint=named.name), named.checkpoint


def _document(
    request: SegmentationRequest,
    checkpoint: Checkpoint,
    backend: str,
    cases: list[dict[str, Any]],
    refused: list[Finding],
    findings: list[Finding],
    not_had: dict[str, dict[str, str]],
) -> dict[str, Any]:
    return {
        "checkpoint": request.checkpoint,
        "checkpoint_id": checkpoint.id,
        "backend": backend,
        "cases": cases,
        "refused": [finding.to_json() for finding in refused],
        "findings": [finding.to_json() for finding in findings],
        "not_had": not_had,
    }


def _not_used(refused: int, cases: int) -> list[str]:
    return [f"{refused} finding(s) on what could not be used of {cases} case(s)."] if refused else []
