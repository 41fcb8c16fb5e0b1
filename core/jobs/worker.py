"""The warm worker of a device: segments the studies that wait, one after the other, and keeps its models loaded.

`python -m core.jobs.worker --device cpu`. It ends after some idle minutes; whoever brings a study starts another.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.checkpoints import Checkpoint, runtime_of
from core.data import limits
from core.errors import Cancelled, JobFailedError, RefusedError
from core.jobs.bounded import NICENESS
from core.jobs.folder import State
from core.jobs.held_study import HeldStudy
from core.jobs.segmentation_queue import claim, finish, leave, register_worker, tend
from core.jobs.segmentation_work import in_a_sentence, segment_study
from core.jobs.segmentations import SegmentationJob, SegmentationRequest
from core.jobs.slice_questions import answer_waiting, waiting
from core.jobs.standstill import Pauses, is_unwritable, why_unwritable
from core.jobs.study_again import held_again
from core.jobs.study_ahead import StudyAhead
from core.jobs.study_segmenter import loaded_networks, study_segmenter
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.inference.cancelling import OnStep
    from core.inference.device import Compute
    from core.inference.predictor import Predictor
    from core.inference.segment import Segmenter

IDLE_S = 600.0
MOST_NETWORKS = 8  # in memory between studies
LOOK_EVERY_S = 0.05  # whether anything was put into the folder of jobs: one call to the system
LOOK_CLOSELY_EVERY_S = 2.0


class Worker:
    """Segments what waits on one device.

    Attributes:
        workspace: where the jobs are.
        device: as torch calls it.
    """

    def __init__(self, workspace: Workspace, device: str) -> None:
        self.workspace = workspace
        self.device = device
        self._warm: dict[Compute, Segmenter] = {}
        self._held: HeldStudy | None = None
        self._rested_s = 0.0
        self.ahead = StudyAhead(workspace, device)

    @property
    def loaded(self) -> dict[str, Predictor[Any]]:
        """The networks that are in memory, by checkpoint."""
        return {name: network for warm in self._warm.values() for name, network in loaded_networks(warm).items()}

    def run(self, idle_s: float) -> None:
        """Work until nothing has waited for so long."""
        self._rested_s, pauses = time.monotonic(), Pauses()
        while True:
            try:
                if not self._turn(idle_s):
                    return
            except OSError as error:
                if not is_unwritable(error):
                    raise
                time.sleep(pauses.next_s())
            else:
                pauses.failures = 0

    def _turn(self, idle_s: float) -> bool:
        """Do what waits, or wait for it; False once this worker has left."""
        job = claim(self.workspace, self.device)
        if job is not None:
            self.do(job)
            tend(self.workspace)
        elif waiting(self.workspace, self.device):
            self._answer()
        elif time.monotonic() - self._rested_s > idle_s:
            return not leave(self.workspace, self.device)
        else:
            self._wait(min(LOOK_CLOSELY_EVERY_S, idle_s))
            return True
        self._rested_s = time.monotonic()
        return True

    def do(self, job: SegmentationJob) -> None:
        """Segment one study; however that ends, the job says so. While nothing can be written, it tries anew."""
        outcome: tuple[State, str] | None = None
        pauses = Pauses()
        while True:
            try:
                outcome = outcome or self._outcome(job)
                finish(self.workspace, job, *outcome)
            except OSError as error:
                if not is_unwritable(error):
                    raise
                time.sleep(pauses.next_s())
                if job.is_to_end:  # its files go first, which makes room
                    outcome = ("cancelled", "")
            else:
                return

    def _outcome(self, job: SegmentationJob) -> tuple[State, str]:
        """Segment one study and say how that ended.

        Raises:
            OSError: nothing can be written now.
        """
        try:
            with _at_most(limits.SEGMENTATION_S):
                return "done", segment_study(self.workspace, job, self._segmenter, self._hold, self.ahead)
        except Cancelled:
            return "cancelled", ""
        except Exception as error:
            if is_unwritable(error) and why_unwritable(self.workspace):
                raise  # with the room that its own half files took there is still none: it is not this study's fault
            if not isinstance(error, (RefusedError, JobFailedError)):
                # beside the files, and deleted with them: what is unforeseen may hold a name or a path
                with contextlib.suppress(OSError):
                    (job.folder / "output.txt").write_text(traceback.format_exc())
                print(f"unforeseen: {type(error).__name__}", file=sys.stderr)  # noqa: T201 - the worker's own log
            return "failed", in_a_sentence(error)

    def _segmenter(self, request: SegmentationRequest, checkpoint: Checkpoint, keeps: Workspace) -> Segmenter:
        from core.inference.device import choose_compute, onnx_compute
        from core.inference.segment import Segmenter

        by_torch = runtime_of(checkpoint) == "torch"
        compute = choose_compute(self.device, fast=request.fast) if by_torch else onnx_compute()
        warm = self._warm.setdefault(compute, Segmenter(self.workspace, compute))
        while sum(len(loaded_networks(each)) for each in self._warm.values()) > MOST_NETWORKS:
            networks = max(map(loaded_networks, self._warm.values()), key=len)
            networks.pop(next(iter(networks)))  # the one that was loaded first goes
        return study_segmenter(replace(warm, options=request.inference), keeps)

    def _answer(self) -> None:
        held, self._held = self._held, None  # not kept beside another that is loaded
        with _at_most(limits.SEGMENTATION_S):
            self._held = answer_waiting(self.workspace, self.device, held, self._anew)

    def _anew(self, job: SegmentationJob, on_step: OnStep) -> HeldStudy:
        return held_again(self.workspace, job, self._segmenter, on_step)

    def _hold(self, held: HeldStudy | None) -> None:
        self._held = held

    def _wait(self, seconds: float) -> None:
        before, ends = self._changed(), time.monotonic() + seconds
        while self._changed() == before and time.monotonic() < ends:
            time.sleep(LOOK_EVERY_S)

    def _changed(self) -> int:
        try:
            return self.workspace.jobs.stat().st_mtime_ns
        except FileNotFoundError:
            return 0


@contextlib.contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def ring(_signal: int, _frame: object) -> None:
        raise JobFailedError(f"it took longer than the {seconds / 3600:.0f} hours that a study may; bring less at once")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def main() -> int:
    """Run a device's worker; a second one ends at once."""
    arguments = argparse.ArgumentParser("python -m core.jobs.worker", description=__doc__)
    arguments.add_argument("--device", default="cpu")
    arguments.add_argument("--idle-s", type=float, default=IDLE_S)
    options = arguments.parse_args()
    workspace = Workspace.default()
    workspace.root.mkdir(parents=True, exist_ok=True)
    try:
        registered = register_worker(workspace, options.device)
    except OSError as error:
        if not is_unwritable(error):
            raise
        print(f"nothing can be written into the workspace ({error.strerror})", file=sys.stderr)  # noqa: T201
        return 1
    if not registered:
        print(f"{options.device} has a worker already", file=sys.stderr)  # noqa: T201
        return 0
    # no core dumps: they would hold somebody's scan
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    os.nice(NICENESS)
    Worker(workspace, options.device).run(options.idle_s)
    return 0


if __name__ == "__main__":
    sys.exit(main())
