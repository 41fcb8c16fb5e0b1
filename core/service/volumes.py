"""Protocol v1: `/volumes/<hash>/manifest`, `.../slab/<i>` and `.../half/<i>`, and a new token for an old one.

Of a volume that grows, `.../part/<i>`; its manifest says how many there are.
"""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.data.volume_cache import NoSuchVolumeError, VolumeCache
from core.service.cookies import browser_of
from core.service.tokens import TOKEN_HEADER, is_valid, issue, token_key

KEEP = "private, max-age=31536000, immutable"
FORGET = "no-store"

Answer = Callable[[Request, str], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def volume_routes(workspace: Path) -> list[BaseRoute]:
    """Return the routes that give volumes to whoever holds a token for them."""
    cache = VolumeCache(workspace / "volumes")

    def manifest(_: Request, key: str) -> Response:
        document = cache.manifest(key)
        return JSONResponse(document, headers=_headers(bool(document["public"])))

    def slab(request: Request, key: str, half: bool = False) -> Response:
        public = bool(cache.manifest(key)["public"])
        return packed(request, cache.slab(key, int(request.path_params["index"]), half), public)

    def part(request: Request, key: str) -> Response:
        return packed(request, cache.part(key, int(request.path_params["index"])), public=False)

    def packed(request: Request, body: bytes, public: bool) -> Response:
        headers = _headers(public) | {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            # named, so that no middleware compresses it once more
            headers["Content-Encoding"] = "identity"
            body = gzip.decompress(body)
        return Response(body, media_type="application/octet-stream", headers=headers)

    def token(request: Request, key: str) -> Response:
        fresh = issue(token_key(workspace), key, browser_of(request.headers.get("cookie", "")))
        return JSONResponse({"token": fresh}, headers=_headers(public=False))

    return [
        Route("/{key}/manifest", _guarded(workspace, manifest), methods=["GET"]),
        Route("/{key}/slab/{index:int}", _guarded(workspace, slab), methods=["GET"]),
        Route("/{key}/half/{index:int}", _guarded(workspace, partial(slab, half=True)), methods=["GET"]),
        Route("/{key}/part/{index:int}", _guarded(workspace, part), methods=["GET"]),
        Route("/{key}/token", _guarded(workspace, token), methods=["POST"]),
    ]


def _guarded(workspace: Path, answer: Answer) -> Endpoint:
    """Answer 403 and nothing else without a valid token, whether or not the volume exists."""

    def decide(request: Request) -> Response:
        key = request.path_params["key"]
        browser = browser_of(request.headers.get("cookie", ""))
        if not is_valid(token_key(workspace), request.headers.get(TOKEN_HEADER, ""), key, browser):
            return Response(status_code=403, headers=_headers(public=False))
        try:
            return answer(request, key)
        except NoSuchVolumeError:
            return Response(status_code=404, headers=_headers(public=False))

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(decide, request)

    return endpoint


def _headers(public: bool) -> dict[str, str]:
    return {"Cache-Control": KEEP if public else FORGET, "X-Content-Type-Options": "nosniff"}
