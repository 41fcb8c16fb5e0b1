"""The viewer's own ES modules and stylesheets, from one folder, by a list made at start."""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
KEEP = "public, max-age=31536000, immutable"
# A page asks for all modules within moments; looking at every file for each of them would take longer than sending it.
LOOK_EVERY_S = 1.0


def module_names(folder: Path) -> tuple[str, ...]:
    """Return the files in and below `folder` that a browser may have, as paths with slashes, sorted."""
    files = (path for path in folder.rglob("*") if path.suffix in MEDIA_TYPES and path.is_file())
    return tuple(sorted(path.relative_to(folder).as_posix() for path in files))


def modules_version(folder: Path) -> str:
    """Return 16 hex digits that change whenever one of the modules does."""
    stats = [(name, (folder / name).stat()) for name in module_names(folder)]
    return _version(folder, tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))


@lru_cache(maxsize=8)
def _version(folder: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    # asked for with every run of a page: the files are read again only when one has changed
    digest = hashlib.sha256()
    for name, _, _ in files:
        content = (folder / name).read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def module_routes(folder: Path, look_every_s: float = LOOK_EVERY_S) -> list[BaseRoute]:
    """Return the route that serves `/<version>/<name>`.

    The version is a part of the path and not a query, so that the modules' relative imports carry it on.

    Args:
        folder: what is served.
        look_every_s: for how long a version is believed before the files are looked at again.
    """
    allowed = frozenset(module_names(folder))
    seen_version, seen_at_s = "", -look_every_s

    def present() -> str:
        nonlocal seen_version, seen_at_s
        if time.monotonic() - seen_at_s >= look_every_s:
            seen_version, seen_at_s = modules_version(folder), time.monotonic()
        return seen_version

    # a few kilobytes from the page cache: a thread would cost more than the read
    async def serve(request: Request) -> Response:
        version, name = request.path_params["version"], request.path_params["name"]
        headers = {"X-Content-Type-Options": "nosniff"}
        if name not in allowed:
            return Response(status_code=404, headers=headers)
        # a module that was edited since must not stay in a browser under the old version
        headers["Cache-Control"] = KEEP if version == present() else "no-store"
        path = folder / name
        return Response(path.read_bytes(), media_type=MEDIA_TYPES[path.suffix], headers=headers)

    return [Route("/{version}/{name:path}", serve, methods=["GET"])]
