"""The viewer's own ES modules and stylesheet, from one folder, by a list made at start."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
KEEP = "public, max-age=31536000, immutable"


def module_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the files in `folder` that a browser may have, sorted."""
    return tuple(sorted(path.name for path in folder.iterdir() if path.suffix in MEDIA_TYPES and path.is_file()))


def modules_version(folder: Path) -> str:
    """Return 16 hex digits that change whenever one of the modules does."""
    digest = hashlib.sha256()
    for name in module_names(folder):
        content = (folder / name).read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def module_routes(folder: Path) -> list[BaseRoute]:
    """Return the route that serves `/<version>/<name>`.

    The version is a part of the path and not a query, so that the modules' relative imports carry it on.
    """
    allowed = frozenset(module_names(folder))

    def read(version: str, name: str) -> Response:
        headers = {"X-Content-Type-Options": "nosniff"}
        if name not in allowed:
            return Response(status_code=404, headers=headers)
        # a module that was edited since must not stay in a browser under the old version
        headers["Cache-Control"] = KEEP if version == modules_version(folder) else "no-store"
        path = folder / name
        return Response(path.read_bytes(), media_type=MEDIA_TYPES[path.suffix], headers=headers)

    async def serve(request: Request) -> Response:
        return await run_in_threadpool(read, request.path_params["version"], request.path_params["name"])

    return [Route("/{version}/{name}", serve, methods=["GET"])]
