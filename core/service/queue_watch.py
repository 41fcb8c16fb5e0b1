"""The server moves the queues on: what was killed does not hold up the others until someone looks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from core.jobs.queue import advance
from core.jobs.segmentation_queue import tend
from core.service.api.tokens import token_file
from core.workspace import Workspace

EVERY_S = 5.0

_LOG = logging.getLogger(__name__)


def queue_watch(
    workspace: Workspace, every_s: float = EVERY_S
) -> Callable[[Any], AbstractAsyncContextManager[dict[str, Any] | None]]:
    """Return what an ASGI app takes as `lifespan`: while it is up, the queues are moved on again and again.

    Trainings that wait are started, and so are workers for studies that wait; studies past their time are deleted. The
    first token of the REST API is there from the start, for whoever reads it from the workspace before asking anything.

    Args:
        workspace: whose queues.
        every_s: seconds between two looks.
    """

    @contextlib.asynccontextmanager
    async def watched(_: Any) -> AsyncIterator[None]:
        with contextlib.suppress(OSError):  # a disk that takes nothing: each request is told so
            token_file(workspace.root)
        watching = asyncio.create_task(_watch(workspace, every_s))
        try:
            yield
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    return watched


async def _watch(workspace: Workspace, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        for move_on in (advance, tend):
            try:
                await asyncio.to_thread(move_on, workspace)
            except Exception as error:  # one unreadable run must not end the watch
                _LOG.warning("the queue could not be moved on: %s", type(error).__name__)
