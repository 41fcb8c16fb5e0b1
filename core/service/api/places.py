"""Which studies wait, looked up once for all who ask at about the same time."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from core.jobs.segmentations import segmentations
from core.workspace import Workspace

LOOK_EVERY_S = 0.5


class Places:
    """The queue as it was at most half a second ago: each client asks again and again, and most studies have ended."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float] = time.monotonic) -> None:
        """Get ready; nothing is looked up yet.

        Args:
            workspace: whose queue.
            clock: seconds that only grow.
        """
        self._workspace, self._clock = workspace, clock
        self._lock = Lock()
        self._seen_s = -LOOK_EVERY_S
        self._waiting: list[str] = []

    def of(self, job_id: str) -> int | None:
        """Return the place of a study that waits, from 1; None for one that does not."""
        with self._lock:
            is_new = job_id not in self._waiting
            if is_new or self._clock() - self._seen_s >= LOOK_EVERY_S:
                found = segmentations(self._workspace)
                self._waiting = [job.id for job, status in found if status.state == "queued"]
                self._seen_s = self._clock()
            return self._waiting.index(job_id) + 1 if job_id in self._waiting else None
