"""The API without the pages: what `python -m core serve` runs."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from core.errors import RefusedError, UsageError
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


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, before anybody is told where.

    Args:
        host: the address to listen on.
        port: and the port; 0 takes a free one.

    Raises:
        UsageError: there is no such port.
        RefusedError: nobody can listen there, for instance because somebody does already.
    """
    if not 0 <= port <= 65535:
        raise UsageError(f"found port {port}; expected 0 to 65535, such as 8600")
    found = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        if found is not None:
            found.close()
        why = f"{host}, port {port} ({error.strerror or type(error).__name__})"
        raise RefusedError(f"nobody can listen on {why}; choose another --port or --host") from None
    return found


def serve(workspace: Workspace, listening: socket.socket) -> None:
    """Serve until somebody ends it.

    Args:
        workspace: whose checkpoints, jobs and tokens.
        listening: what `listen` gave.
    """
    import uvicorn

    config = uvicorn.Config(serving_app(workspace), log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])
