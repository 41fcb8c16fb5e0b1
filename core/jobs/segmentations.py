"""Studies to be segmented, as jobs that outlive whoever asked: `jobs/segmentation-…/`.

    request.json   what was asked
    input/         the files: an upload's folder, which the job owns; of a raw study also what it became on one grid
    status.json    how far it is, and how it ended
    cancel         somebody asked to end it; `remove`, to delete it too
    work/          whole predictions, from which a later try and other formats are made
    result/        appears whole once everything is done
    steps.json     what is done to it, step by step, for the page
    exports/       the result in another format, each made whole when it is first asked for

Nobody but the worker that has taken a job writes into it; the folder goes as a whole.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.atomic import new_folder, read_json, write_json
from core.checkpoints import Checkpoint, runtime_of
from core.data import limits
from core.errors import RefusedError
from core.harmonise import Harmonising
from core.importing import ImportChoices
from core.inference.device import onnx_compute
from core.inference.options import InferenceOptions
from core.jobs.folder import JobFolder, JobStatus
from core.jobs.queue import resolve_device
from core.jobs.segment_files import require_same_regions
from core.jobs.segmentation_choices import AUTO, checkpoint_named, options_from_json, require_formats
from core.jobs.upload_tree import CALLED
from core.jobs.uploads import Upload
from core.labels import LabelScheme, scheme_named
from core.workspace import NotInWorkspaceError, Workspace

KIND = "segmentation"
JOB_ID = re.compile(rf"{KIND}-\d{{9,12}}-[0-9a-f]{{12}}")
ENDED = ("done", "failed", "cancelled")


class QueueFullError(RefusedError):
    """So many studies wait already that no other is taken."""


class NotDoneError(RefusedError):
    """A study has no result, or none yet; the message says why."""


@dataclass(frozen=True, slots=True)
class SegmentationRequest:
    """What is to be done with a study.

    Attributes:
        checkpoint: by the name that the workspace knows it by, or its id; `auto` takes the one that suits the study.
            Several, separated by commas, predict as one: the mean of their probabilities.
        scheme: the name of the scheme of the labels that are written; None takes the checkpoint's.
        options: of the prediction, as `InferenceOptions` has them.
        layout: how the files are laid out; None recognises it.
        harmonise: as `Harmonising.parse` reads it; None refuses series that are not on one grid.
        formats: the exports that are made at once.
        device: where; `auto` takes the first GPU, else the processor.
        fast: bfloat16 where the hardware has it; a mask may change. ONNX Runtime computes in float32 all the same.
        as_is: segment a study as the scanner left it without bringing it onto one grid.
        first_slice: the axial slice on screen, which is segmented before the others; None begins in the middle.
        shown: a page shows it as it goes; without, nothing is put aside for one.
        owner: whose it is: as `owner_of` makes it from a browser's cookie, or empty where a token brought it.
    """

    checkpoint: str
    scheme: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    layout: str | None = None
    harmonise: str | None = None
    formats: tuple[str, ...] = ("nifti",)
    device: str = "auto"
    fast: bool = False
    as_is: bool = False
    first_slice: int | None = None
    shown: bool = True
    owner: str = ""

    @property
    def inference(self) -> InferenceOptions:
        """How the prediction is made.

        Raises:
            RefusedError: there is no such option, or its value cannot be used.
        """
        return options_from_json(self.options)

    @property
    def choices(self) -> ImportChoices:
        """How the files are read. What comes from a page or over the network opens no file by its name.

        Raises:
            RefusedError: no scheme is called that, or the words of `harmonise` cannot be read.
        """
        scheme = scheme_named(self.scheme) if self.scheme else None
        harmonise = Harmonising.parse(self.harmonise) if self.harmonise else None
        return ImportChoices(layout=self.layout, scheme=scheme, harmonise=harmonise, called=CALLED)

    def checked(self, workspace: Workspace) -> Checkpoint | None:
        """Return the checkpoint, once everything that can be known without the files has been looked at.

        None where the files have to be seen first.

        Raises:
            RefusedError: something of it cannot be done; the message says what can.
        """
        checkpoint = None if self.checkpoint == AUTO else checkpoint_named(workspace, self.checkpoint)
        scheme: LabelScheme | None = self.choices.scheme
        if scheme is not None and checkpoint is not None:
            require_same_regions(checkpoint, scheme)
        require_formats(self.formats)
        _ = self.inference
        return checkpoint


class SegmentationJob(JobFolder):
    """One study's job."""

    @property
    def asked(self) -> SegmentationRequest:
        """What was asked."""
        kept = self.request
        return SegmentationRequest(**{**kept, "formats": tuple(kept["formats"])})

    @property
    def workspace(self) -> Workspace:
        """The workspace that the job is in."""
        return Workspace(self.folder.parent.parent)

    @property
    def input(self) -> Upload:
        """The files."""
        return Upload(self.folder / "input")

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def result(self) -> Path:
        return self.folder / "result"

    @property
    def is_to_end(self) -> bool:
        """Whether somebody asked to end it."""
        return (self.folder / "cancel").exists()

    @property
    def is_to_go(self) -> bool:
        """Whether somebody asked to delete it."""
        return (self.folder / "remove").exists()

    def document(self) -> dict[str, Any]:
        """Return what a job that is done has found.

        Raises:
            NotDoneError: it is not done.
        """
        status = self.status
        if status.state != "done":
            raise NotDoneError(_why_not_done(status))
        found: dict[str, Any] = read_json(self.result / "result.json")
        return found


def keep_segmentation(workspace: Workspace, upload: Upload, request: SegmentationRequest) -> SegmentationJob:
    """Make a job of an upload, whose folder becomes a part of it; nobody has begun with it yet.

    `core.jobs.segmentation_queue.submit` also sees to it that somebody does.

    Args:
        workspace: where to.
        upload: whose bytes have all arrived.
        request: what is to be done with it.

    Raises:
        QueueFullError: too many wait already.
        RefusedError: what was asked cannot be done.
    """
    checkpoint = request.checked(workspace)
    others = segmentations(workspace)
    if sum(status.state not in ENDED for _, status in others) >= limits.MAX_STUDIES_WAITING:
        raise QueueFullError(
            f"{limits.MAX_STUDIES_WAITING} studies wait to be segmented already; bring this one when some are done"
        )
    document = asdict(request) | {"device": _device(request, checkpoint)}
    title = "Segmenting a study" + (f" with {checkpoint.card.title}" if checkpoint else "")
    status = JobStatus(KIND, title, waits=True)
    # a clock that was set back must not let a later study go first
    last = max((other.queued_at for _, other in others), default=0.0)
    status.queued_at = status.heartbeat = max(time.time(), last + 1e-3)
    job = SegmentationJob(workspace.jobs / f"{KIND}-{int(time.time())}-{secrets.token_hex(6)}")
    with new_folder(job.folder) as draft:
        draft.chmod(0o700)
        write_json(draft / "request.json", document)
        write_json(draft / "status.json", asdict(status))
        upload.folder.rename(draft / "input")
    return job


def _device(request: SegmentationRequest, checkpoint: Checkpoint | None) -> str:
    if checkpoint is not None and runtime_of(checkpoint) == "onnx":
        return onnx_compute(request.device).device
    return resolve_device(request.device)


def segmentations(workspace: Workspace) -> list[tuple[SegmentationJob, JobStatus]]:
    """Return every study's job that nobody has asked to delete, the oldest first."""
    found = []
    for path in workspace.jobs.glob(f"{KIND}-*/status.json"):
        job = SegmentationJob(path.parent)
        try:
            if not job.is_to_go:
                found.append((job, job.status))
        except FileNotFoundError:  # deleted while it was read
            continue
    return sorted(found, key=lambda pair: (pair[1].queued_at, pair[0].id))


def find_segmentation(workspace: Workspace, job_id: str, owner: str | None = None) -> SegmentationJob:
    """Return a study's job.

    Args:
        workspace: where it is.
        job_id: as it was told to whoever asked.
        owner: whose it has to be; None finds everybody's.

    Raises:
        NotInWorkspaceError: there is none of that id, or it is somebody else's.
    """
    job = SegmentationJob(workspace.jobs / job_id) if JOB_ID.fullmatch(job_id) else None
    if job is None or not (job.folder / "status.json").exists() or job.is_to_go:
        raise NotInWorkspaceError("this segmentation is not here (any more); studies are deleted some time after")
    if owner is not None and job.asked.owner != owner:
        raise NotInWorkspaceError("this segmentation is not here (any more); studies are deleted some time after")
    return job


def share_done(status: JobStatus) -> float:
    """Return how much of a study is done, 0 to 1."""
    if status.state == "done":
        return 1.0
    return min(1.0, status.done / status.total) if status.total else 0.0


def eta_s(status: JobStatus) -> float | None:
    """Return how many seconds a study still takes if it goes on as it did; None while that cannot be told."""
    if status.state == "running" and status.left_s is not None:
        left_s = status.left_s - (time.time() - status.heartbeat)
        return left_s if left_s > 0 else None
    if status.state != "running" or not status.done or not status.total:
        return None
    so_far_s = max(0.0, status.heartbeat - status.began)
    return so_far_s * (status.total - status.done) / status.done


def position(workspace: Workspace, job: SegmentationJob) -> int | None:
    """Return how many studies a waiting one will have seen begun once it begins itself, counted from 1."""
    waiting = [each.id for each, status in segmentations(workspace) if status.state == "queued"]
    return waiting.index(job.id) + 1 if job.id in waiting else None


def _why_not_done(status: JobStatus) -> str:
    if status.state in ("queued", "running"):
        share = f", {share_done(status):.0%} done" if status.state == "running" else ""
        return f"this study is {status.state}{share}; ask again when it is done"
    return f"this study {'was cancelled' if status.state == 'cancelled' else f'failed: {status.message}'}"
