"""Reads the study that is next while another one is segmented, as the command line does from case to case."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from core.data.load import CaseFiles, read_files
from core.errors import JobFailedError, RefusedError
from core.importing import read_study
from core.jobs.mask_files import Found
from core.jobs.ready_case import READ_AHEAD_BYTES, ReadyCase
from core.jobs.segmentation_queue import upcoming
from core.jobs.segmentations import SegmentationJob
from core.jobs.upload_tree import lay_out
from core.workspace import Workspace

PACKED_BYTES = READ_AHEAD_BYTES // 4  # of files that are gzipped
Files = dict[str, CaseFiles]


class StudyAhead:
    """Holds at most one study that was read ahead; what cannot be is read again, and said, when its turn comes."""

    def __init__(self, workspace: Workspace, device: str) -> None:
        self._workspace, self._device = workspace, device
        self._pool = ThreadPoolExecutor(1)
        self._waiting: tuple[str, Future[Files]] | None = None

    def begin(self) -> None:
        """Begin to read the study that waits longest, if it is small and one waits."""
        job = upcoming(self._workspace, self._device)
        if job is not None and self._waiting is None and _bytes(job) <= PACKED_BYTES:
            self._waiting = (job.id, self._pool.submit(_read, job))

    def ready(self, _ready: ReadyCase) -> None:
        """Hear that the study in hand is read: it is the next one's turn."""
        self.begin()

    def found(self, _ready: ReadyCase, _found: Found) -> None:
        """Hear of a mask."""

    def take(self, job: SegmentationJob) -> Files:
        """Return the files of a study's first case by its id, if they were read ahead; nothing stays."""
        if self._waiting is None:
            return {}
        (name, future), self._waiting = self._waiting, None
        try:
            found = future.result()
        except (RefusedError, JobFailedError, OSError, MemoryError):
            return {}
        return found if name == job.id else {}


def _bytes(job: SegmentationJob) -> int:
    try:
        return job.input.bytes
    except FileNotFoundError:
        return PACKED_BYTES + 1


def _read(job: SegmentationJob) -> Files:
    layout = read_study(lay_out(job.input), job.asked.choices)
    if not layout.cases:
        return {}
    case = layout.cases[0]
    return {case.case_id: read_files(case, reference=False)}
