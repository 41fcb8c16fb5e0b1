"""The API as an ASGI app that is built by its first request: the pages start without FastAPI."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send


class LateApi:
    """Builds the API when somebody asks it something."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._app: ASGIApp | None = None
        self._lock: asyncio.Lock | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            self._lock = self._lock or asyncio.Lock()
            async with self._lock:
                if self._app is None:
                    self._app = await asyncio.to_thread(self._build)
        await self._app(scope, receive, send)

    def _build(self) -> ASGIApp:
        from core.service.api.app import build_api
        from core.workspace import Workspace

        return build_api(Workspace(self._workspace))
