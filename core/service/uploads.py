"""Uploads in pieces that can be resumed: `/uploads/new`, `/uploads/<id>`, `/uploads/<id>/<file number>`.

    POST   /uploads/new        {"files": [{"name", "size"}]} -> {"id"}
    GET    /uploads/<id>       what was announced, and how much of each file has arrived
    HEAD   /uploads/<id>/<n>   the offset of one file, in `Upload-Offset`
    PUT    /uploads/<id>/<n>   bytes from `Upload-Offset` on -> {"offset"}; 409 with the right one where it is wrong
    DELETE /uploads/<id>       forget it
    POST   /uploads/token      a new token for an old one

Bytes go from the socket to the disk; no request is ever held in memory.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.data import limits
from core.errors import RefusedError
from core.jobs.upload_rules import UploadFile, UploadNamesError, UploadTooLargeError
from core.jobs.uploads import (
    FileEnd,
    NoSpaceError,
    NoSuchUploadError,
    Upload,
    WrongOffsetError,
    create_upload,
    find_upload,
)
from core.service.cookies import browser_of
from core.service.tokens import TOKEN_HEADER, is_valid, issue, token_key
from core.workspace import Workspace

SCOPE = "uploads"  # what the token opens, where a volume's token has the content hash
OFFSET_HEADER = "Upload-Offset"
LENGTH_HEADER = "Upload-Length"
BLOCK_BYTES = 1024**2  # collected before a trip to the disk's thread
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
STATUS: dict[type[RefusedError], int] = {
    NoSuchUploadError: 404,
    UploadNamesError: 400,
    WrongOffsetError: 409,
    UploadTooLargeError: 413,
    NoSpaceError: 507,
}

Answer = Callable[[Request, str], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def upload_routes(workspace: Path) -> list[BaseRoute]:
    """Return the routes that take files from whoever holds the page's token."""
    place = Workspace(workspace)

    async def new(request: Request, browser: str) -> Response:
        files = _announced_files(await _small_body(request))
        upload = await run_in_threadpool(create_upload, place, browser, files)
        return _json({"id": upload.id, "piece_bytes": limits.UPLOAD_PIECE_BYTES}, 201)

    async def token(_: Request, browser: str) -> Response:
        return _json({"token": issue(token_key(workspace), SCOPE, browser)})

    async def look(request: Request, browser: str) -> Response:
        upload = find_upload(place, request.path_params["upload"], browser)
        return _json(await run_in_threadpool(_state, upload))

    async def offset(request: Request, browser: str) -> Response:
        upload, index = _file(request, browser)
        headers = {OFFSET_HEADER: str(upload.received(index)), LENGTH_HEADER: str(upload.files[index].size)}
        return Response(headers={**HEADERS, **headers})

    async def put(request: Request, browser: str) -> Response:
        stream = request.stream()
        try:
            upload, index = _file(request, browser)
            end = await run_in_threadpool(FileEnd, upload, index, _claimed_offset(request))
            try:
                await _pour(stream, end)
            finally:
                end.close()
        except RefusedError:
            await _drain(stream)
            raise
        return _json({"offset": end.place})

    async def forget(request: Request, browser: str) -> Response:
        upload = find_upload(place, request.path_params["upload"], browser)
        await run_in_threadpool(upload.remove)
        return _json({})

    def _file(request: Request, browser: str) -> tuple[Upload, int]:
        upload, index = find_upload(place, request.path_params["upload"], browser), request.path_params["index"]
        upload.path(index)
        return upload, index

    def guarded(answer: Answer) -> Endpoint:
        return _guarded(workspace, answer)

    return [
        Route("/new", guarded(new), methods=["POST"]),
        Route("/token", guarded(token), methods=["POST"]),
        Route("/{upload}", guarded(look), methods=["GET"]),
        Route("/{upload}", guarded(forget), methods=["DELETE"]),
        Route("/{upload}/{index:int}", guarded(offset), methods=["GET"]),  # Starlette adds HEAD
        Route("/{upload}/{index:int}", guarded(put), methods=["PUT"]),
    ]


def is_from_our_page(request: Request) -> bool:
    """Tell whether a request comes from a page of this server, and not from a foreign page in the same browser.

    Browsers say so by `Sec-Fetch-Site` on https and localhost; elsewhere `Origin` has to name the host that was asked.
    """
    if site := request.headers.get("sec-fetch-site"):
        return site == "same-origin"
    host, origin = request.headers.get("host"), request.headers.get("origin")
    return bool(host) and bool(origin) and urlsplit(str(origin)).netloc.lower() == str(host).lower()


def _guarded(workspace: Path, answer: Answer) -> Endpoint:
    """Answer 403 and nothing else to whoever is not our page with a token of its own; refusals as sentences."""

    async def endpoint(request: Request) -> Response:
        browser = browser_of(request.headers.get("cookie", ""))
        token = request.headers.get(TOKEN_HEADER, "")
        key = await run_in_threadpool(token_key, workspace)
        if not is_from_our_page(request) or not is_valid(key, token, SCOPE, browser):
            return Response(status_code=403, headers=HEADERS)
        try:
            return await answer(request, browser)
        except WrongOffsetError as error:
            return _json({"error": str(error), "offset": error.offset}, 409)
        except RefusedError as error:
            return _json({"error": str(error)}, STATUS.get(type(error), 400))
        except ClientDisconnect:
            return Response(status_code=400, headers=HEADERS)  # nobody reads it; what arrived is kept

    return endpoint


async def _pour(stream: AsyncIterator[bytes], end: FileEnd) -> None:
    collected = bytearray()
    try:
        async for block in stream:
            collected += block
            if len(collected) >= BLOCK_BYTES:
                await run_in_threadpool(end.write, collected)
                collected = bytearray()
    finally:
        # also what came before the line was cut
        if collected:
            await run_in_threadpool(end.write, collected)


async def _drain(stream: AsyncIterator[bytes]) -> None:
    """Read on, for a while, so that the browser gets as far as reading why it was refused."""
    seen = 0
    async for block in stream:
        seen += len(block)
        if seen > 2 * limits.UPLOAD_PIECE_BYTES:
            return


async def _small_body(request: Request) -> Any:
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > limits.MAX_UPLOAD_LIST_BYTES:
            raise UploadTooLargeError("a list of names that is too long; zip the files, or import a server folder")
    try:
        return json.loads(body)
    except ValueError:
        raise UploadNamesError("a body that is not JSON; expected {'files': [{'name', 'size'}]}") from None


def _announced_files(document: Any) -> list[UploadFile]:
    try:
        files = [UploadFile(file["name"], file["size"]) for file in document["files"]]
    except (TypeError, KeyError):
        files = [UploadFile("", -1)]
    if not all(type(file.name) is str and type(file.size) is int and file.size >= 0 for file in files):
        raise UploadNamesError("a list that cannot be read; expected {'files': [{'name', 'size'}]}")
    return files


def _claimed_offset(request: Request) -> int:
    said = request.headers.get(OFFSET_HEADER, "")
    if not (said.isascii() and said.isdigit() and len(said) <= 15):
        raise UploadNamesError(f"no {OFFSET_HEADER} header; expected the byte from which this piece starts")
    return int(said)


def _state(upload: Upload) -> dict[str, Any]:
    received = [upload.received(index) for index in range(len(upload.files))]
    return {
        "id": upload.id,
        "files": [
            {"name": file.name, "size": file.size, "received": arrived}
            for file, arrived in zip(upload.files, received, strict=True)
        ],
        "complete": all(file.size == arrived for file, arrived in zip(upload.files, received, strict=True)),
    }


def _json(document: dict[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(document, status, headers=HEADERS)
