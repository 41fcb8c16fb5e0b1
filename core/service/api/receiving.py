"""A form with a study in it, from the socket to the disk in bounded blocks. Reference: RFC 7578."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from core.data import limits
from core.jobs.arriving import ArrivingUpload, too_large
from core.jobs.upload_rules import UploadNamesError, UploadTooLargeError
from core.jobs.uploads import Upload
from core.workspace import Workspace

FORM = "multipart/form-data"
FILES = "files"
BLOCK_BYTES = 1024**2  # collected before a trip to the disk's thread
READ_ON_BYTES = 16 * 1024**2  # of a form that was refused, so that its sender gets as far as reading why


@dataclass(slots=True)
class Form:
    """What came besides the files.

    Attributes:
        upload: the files.
        fields: name to values, in order.
    """

    upload: Upload
    fields: dict[str, list[str]]


async def receive(request: Request, workspace: Workspace) -> Form:
    """Take a form's files to the disk and its fields to memory.

    Nothing is left behind when it is refused or cut off.

    Raises:
        HTTPException: it is no form (415), or cannot be read (400).
        RefusedError: it is more than the limits allow, or there is a fault in its names.
    """
    boundary = _boundary(request)
    stream = request.stream()
    try:
        arriving = await run_in_threadpool(ArrivingUpload, workspace, _announced(request))
        try:
            fields = await _take(stream, boundary, arriving)
            upload = await run_in_threadpool(arriving.finish)
        except BaseException:
            arriving.upload.remove()
            raise
    except (UploadTooLargeError, UploadNamesError, HTTPException):
        await _read_on(stream)
        raise
    return Form(upload, fields)


@dataclass(slots=True)
class _Found:
    """What the parser has found in the bytes it was given last: (what, bytes) in order."""

    events: list[tuple[str, bytes]] = field(default_factory=list)

    def parser(self, boundary: bytes) -> MultipartParser:
        def data(what: str) -> Callable[[bytes, int, int], None]:
            return lambda block, start, end: self.events.append((what, block[start:end]))

        def event(what: str) -> Callable[[], None]:
            return lambda: self.events.append((what, b""))

        return MultipartParser(
            boundary,
            {
                "on_part_begin": event("begin"),
                "on_header_field": data("name"),
                "on_header_value": data("value"),
                "on_header_end": event("header"),
                "on_headers_finished": event("headers"),
                "on_part_data": data("data"),
                "on_part_end": event("end"),
                "on_end": event("all"),
            },
        )


@dataclass(slots=True)
class _Part:
    """One part of the form: a file that goes to the disk, or a field."""

    name: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    disposition: bytes = b""
    called: str = ""
    is_file: bool = False
    collected: bytearray = field(default_factory=bytearray)


async def _take(stream: AsyncIterator[bytes], boundary: bytes, arriving: ArrivingUpload) -> dict[str, list[str]]:
    found = _Found()
    parser = found.parser(boundary)
    part, fields, complete = _Part(), dict[str, list[str]](), False
    async for block in stream:
        try:
            parser.write(block)
        except FormParserError:
            raise HTTPException(400, "a form that cannot be read; expected multipart/form-data") from None
        for what, content in found.events:
            if what == "begin":
                part = _Part()
            elif what == "all":
                complete = True
            else:
                await _hear(part, what, content, fields, arriving)
        found.events.clear()
    if not complete:
        raise HTTPException(400, "a form that ends before its last boundary; send it again")
    return fields


async def _hear(part: _Part, what: str, content: bytes, fields: dict[str, list[str]], arriving: ArrivingUpload) -> None:
    if what == "name":
        part.name += content
    elif what == "value":
        part.value += content
    elif what == "header":
        if bytes(part.name).lower() == b"content-disposition":
            part.disposition = bytes(part.value)
        part.name.clear()
        part.value.clear()
    elif what == "headers":
        await _open(part, fields, arriving)
    elif what == "data":
        part.collected += content
        if part.is_file and len(part.collected) >= BLOCK_BYTES:
            await run_in_threadpool(arriving.write, part.collected)
            part.collected = bytearray()
        elif not part.is_file and len(part.collected) > limits.MAX_FORM_FIELD_BYTES:
            raise UploadTooLargeError(f"a field of more than {limits.MAX_FORM_FIELD_BYTES:,} bytes")
    elif part.is_file:
        if part.collected:
            await run_in_threadpool(arriving.write, part.collected)
    else:
        fields.setdefault(part.called, []).append(_text(bytes(part.collected)))


async def _open(part: _Part, fields: dict[str, list[str]], arriving: ArrivingUpload) -> None:
    _, options = parse_options_header(part.disposition.decode("latin-1"))
    part.called = _text(options.get(b"name", b""))
    part.is_file = b"filename" in options
    if part.is_file and part.called != FILES:
        raise UploadNamesError(f"a file in the field {part.called[:50]!r}; expected all of them in {FILES!r}")
    if part.is_file:
        await run_in_threadpool(arriving.begin, _text(options[b"filename"]))
    elif sum(map(len, fields.values())) >= limits.MAX_FORM_FIELDS:
        raise UploadTooLargeError(f"more than {limits.MAX_FORM_FIELDS} fields besides the files")


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != FORM.encode() or not options.get(b"boundary"):
        raise HTTPException(415, f"the body is no {FORM}; send the study's files as parts called {FILES!r}")
    boundary = options[b"boundary"]
    if len(boundary) > 70:  # RFC 2046
        raise HTTPException(400, "a boundary of more than 70 characters")
    return boundary


def _announced(request: Request) -> int:
    said = request.headers.get("content-length", "0")
    if not (said.isascii() and said.isdigit()):
        raise HTTPException(400, "a Content-Length that is no number")
    if len(said) > 15:
        raise too_large()
    return int(said)


async def _read_on(stream: AsyncIterator[bytes]) -> None:
    seen = 0
    async for block in stream:
        seen += len(block)
        if seen > READ_ON_BYTES:
            return
