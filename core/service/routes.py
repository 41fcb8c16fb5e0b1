"""Everything that our server answers beside Streamlit, in one list."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core.service.api.late import LateApi
from core.service.cookies import BrowserCookie
from core.service.modules import module_routes
from core.service.uploads import upload_routes
from core.service.volumes import volume_routes

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def service_routes(workspace: Path, viewer: Path, base: str = "", uploader: Path | None = None) -> list[BaseRoute]:
    """Return our routes under the app's base path.

    Args:
        workspace: the folder that holds `volumes/`, `uploads/` and the token key.
        viewer: the folder of the viewer's modules.
        base: what the app is mounted under (`server.baseUrlPath`), with or without slashes.
        uploader: the folder of the uploader's modules; None serves none.
    """
    prefix = base_path(base)
    return [
        *_below(f"{prefix}/volumes", volume_routes(workspace)),
        *_below(f"{prefix}/uploads", upload_routes(workspace)),
        *_below(f"{prefix}/viewer", module_routes(viewer)),
        *_below(f"{prefix}/uploader", module_routes(uploader) if uploader else []),
        *api_routes(workspace, base),
    ]


def api_routes(workspace: Path, base: str = "") -> list[BaseRoute]:
    """Return the REST API under the app's base path; it answers errors itself, as problem documents.

    Args:
        workspace: the folder that holds jobs, checkpoints and `api-token`.
        base: what the app is mounted under.
    """
    prefix, api = f"{base_path(base)}/api", LateApi(workspace)
    return [api_mount(prefix, api), Route(prefix, _AsFolder(api, prefix))]


def api_mount(prefix: str, api: ASGIApp) -> Mount:
    """Return the route of everything below a prefix, whatever the rest of the path is made of.

    Starlette's own pattern ends at a line break, and what comes with one would be answered by somebody else.
    """
    mount = Mount(prefix, api)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


class _AsFolder:
    """Answers the prefix alone as the prefix with a slash, which is all that a mount takes."""

    def __init__(self, api: ASGIApp, prefix: str) -> None:
        self._api, self._prefix = api, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = scope.get("root_path", "")
        await self._api({**scope, "path": f"{scope['path']}/", "root_path": f"{root}{self._prefix}"}, receive, send)


def service_middleware(base: str = "") -> list[Middleware]:
    """Return the middleware that every request passes."""
    return [Middleware(BrowserCookie, path=base_path(base) or "/")]


def base_path(base: str) -> str:
    """Return a base path as `/a/b`, or an empty text for the root."""
    trimmed = base.strip("/")
    return f"/{trimmed}" if trimmed else ""


def _below(prefix: str, routes: list[BaseRoute]) -> list[BaseRoute]:
    # Streamlit answers an unknown path with 200 and its page; below a prefix of ours it is a 404
    return [
        Route(prefix, _missing, methods=METHODS),
        Mount(prefix, routes=[*routes, Route("/{rest:path}", _missing, methods=METHODS)]),
    ]


async def _missing(_: Request) -> Response:
    return Response(status_code=404, headers={"X-Content-Type-Options": "nosniff"})
