"""Every error as a problem document. Reference: RFC 9457, Problem Details for HTTP APIs."""

from __future__ import annotations

import json
import logging
import traceback
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import JobFailedError, RefusedError
from core.jobs.segmentations import NotDoneError, QueueFullError
from core.jobs.upload_rules import UploadNamesError, UploadTooLargeError
from core.jobs.uploads import NoSpaceError, TooManyUploadsError

MEDIA_TYPE = "application/problem+json"
UNFORESEEN = "something unforeseen went wrong; what it was stands in the server's log"
FULL_RETRY_S = 30
STATUS: dict[type[Exception], int] = {
    NotDoneError: 409,
    QueueFullError: 429,
    TooManyUploadsError: 429,
    UploadNamesError: 422,
    UploadTooLargeError: 413,
    NoSpaceError: 507,
    ClientDisconnect: 400,  # nobody reads it
    RefusedError: 422,
    JobFailedError: 503,
}
SAID = {404: "there is nothing here by this name", 405: "this cannot be done here; Allow names what can"}
KEPT_HEADERS = (b"allow", b"content-range", b"retry-after")
_LOG = logging.getLogger(__name__)


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    said: str


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = None


class ProblemResponse(JSONResponse):
    """A problem document."""

    media_type = MEDIA_TYPE


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, errors: list[Fault] | None = None
) -> ProblemResponse:
    """Return a problem as a response."""
    found = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return ProblemResponse(found.model_dump(exclude_none=True), status, headers=headers)


def problems_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what an operation's description says of these statuses."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def answer_with_problems(app: FastAPI) -> None:
    """Let an app answer whatever is raised in it with a problem document."""

    async def refused(_: Request, error: Exception) -> ProblemResponse:
        status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
        headers = {"Retry-After": str(FULL_RETRY_S)} if status in (429, 503) else None
        return problem(status, str(error) or "the connection ended before the request did", headers)

    async def by_status(_: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, HTTPException)
        said = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
        return problem(error.status_code, said or _said(error.status_code), dict(error.headers or {}))

    async def invalid(_: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, RequestValidationError)
        faults = [Fault(where=".".join(map(str, each["loc"])), said=str(each["msg"])) for each in error.errors()]
        detail = "; ".join(f"{fault.where}: {fault.said}" for fault in faults)
        return problem(422, detail or "this request cannot be read", errors=faults)

    for kind in STATUS:
        app.add_exception_handler(kind, refused)
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(RequestValidationError, invalid)


class OnlyProblems:
    """ASGI middleware outside everything else: whatever still comes out as an error becomes a problem document.

    HEAD is answered as GET without the body. Reference: RFC 9110, HTTP Semantics, 9.3.2.

    An error that nobody foresaw is logged by its kind and place alone; its words may hold names or paths.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = replaced = False
        bare = scope["method"] == "HEAD"
        if bare:
            scope = {**scope, "method": "GET"}

        async def send_checked(message: Message) -> None:
            nonlocal started, replaced
            if message["type"] == "http.response.start":
                started = True
                if (status := message["status"]) >= 400 and not _is_problem(message):
                    replaced = True
                    kept = [
                        pair for pair in message["headers"] if pair[0] in (b"allow", b"content-range", b"retry-after")
                    ]
                    await _send_problem(send, status, _said(status), kept, bare)
                    return
            if not replaced:
                await send({**message, "body": b""} if bare and "body" in message else message)

        try:
            await self.app(scope, receive, send_checked)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            _LOG.error("unforeseen %s at %s:%s", type(error).__name__, Path(place.filename).name, place.lineno)
            if not started:
                await _send_problem(send, 500, UNFORESEEN, [], bare)


def _is_problem(message: Message) -> bool:
    return any(name == b"content-type" and value.startswith(MEDIA_TYPE.encode()) for name, value in message["headers"])


async def _send_problem(
    send: Send, status: int, detail: str, headers: list[tuple[bytes, bytes]], bare: bool = False
) -> None:
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = json.dumps(document).encode()
    own = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": b"" if bare else body})


def _said(status: int) -> str:
    return UNFORESEEN if status == 500 else SAID.get(status, HTTPStatus(status).phrase)
