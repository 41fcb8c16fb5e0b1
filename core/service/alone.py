"""The API without the pages: what `python -m core serve` runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from core.service.queue_watch import queue_watch
from core.service.routes import api_routes
from core.workspace import Workspace


def serving_app(workspace: Workspace) -> Starlette:
    """Return the app that serves `/api` of a workspace and moves its queues on."""

    @asynccontextmanager
    async def up(app: Starlette) -> AsyncIterator[None]:
        async with queue_watch(workspace)(app):
            yield

    return Starlette(routes=api_routes(workspace.root), lifespan=up)


def serve(workspace: Workspace, host: str, port: int) -> None:
    """Serve until somebody ends it.

    Args:
        workspace: whose checkpoints, jobs and tokens.
        host: the address to listen on.
        port: and the port.
    """
    import uvicorn

    config = uvicorn.Config(
        serving_app(workspace), host=host, port=port, log_level="warning", access_log=False, server_header=False
    )
    uvicorn.Server(config).run()
