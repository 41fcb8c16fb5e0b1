"""Ask a server for a file or a part of it: https only, and every way it can fail told apart."""

from __future__ import annotations

import urllib.request
from http.client import HTTPException, HTTPMessage, HTTPResponse
from ipaddress import ip_address
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from core.errors import JobFailedError, RefusedError

BLOCK = 1 << 20
OK, PARTIAL, OUT_OF_RANGE = 200, 206, 416
PASSING = {408, 429, 500, 502, 503, 504}  # what a busy server answers

Answer = HTTPResponse | HTTPError


class DownloadFailedError(JobFailedError):
    """The server cannot be reached or does not have it, or the disk is full; what came so far is kept."""


class DownloadRefusedError(RefusedError):
    """What came is not what was published, or the address may not be used; nothing is kept."""


class BrokenOffError(Exception):
    """The connection ended early or never came about; the rest can be asked for again."""


def require_https(url: str) -> None:
    """Refuse an address whose content anybody on the way could change; plain http is for this machine itself.

    Raises:
        DownloadRefusedError: it is not https.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname or "")):
        return
    raise DownloadRefusedError(f"{url} is not to be used for downloads; expected https://")


def ask(url: str, first_byte: int, unchanged_since: str | None, timeout_s: float) -> Answer:
    """Ask for a file from one byte on.

    Args:
        url: where it is.
        first_byte: 0 for all of it.
        unchanged_since: the mark that the file must still have for a part to be sent rather than all of it.
        timeout_s: how long to wait for the connection and for each block.

    Returns:
        The server's answer, of status 200, 206 or 416; to be closed.

    Raises:
        BrokenOffError: it cannot be reached, or is busy.
        DownloadFailedError: it does not have the file.
        DownloadRefusedError: it leads away from https.
    """
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity", "User-Agent": "segscope"})  # noqa: S310
    if first_byte:
        request.add_header("Range", f"bytes={first_byte}-")
        if unchanged_since:
            request.add_header("If-Range", unchanged_since)
    try:
        answer: HTTPResponse = urllib.request.build_opener(_HttpsOnly).open(request, timeout=timeout_s)
        return answer
    except HTTPError as error:
        if error.code == OUT_OF_RANGE:
            return error
        error.close()
        if error.code in PASSING:
            raise BrokenOffError(f"status {error.code}") from None
        raise DownloadFailedError(f"{url} cannot be had (status {error.code})") from None
    except (OSError, HTTPException) as error:
        raise BrokenOffError(_reason(error)) from None


def next_block(answer: Answer) -> bytes:
    """Return what comes next, nothing at the end.

    Raises:
        BrokenOffError: the connection ended.
    """
    try:
        return answer.read(BLOCK)
    except (OSError, HTTPException) as error:
        raise BrokenOffError(_reason(error)) from None


def total_bytes(answer: Answer) -> int | None:
    """Return how many bytes the whole file has, where the server says it."""
    if answer.status == OK:
        total = answer.headers.get("Content-Length") or ""
    else:
        total = (answer.headers.get("Content-Range") or "").rpartition("/")[2]
    return int(total) if total.isascii() and total.isdigit() else None


def first_byte_of(answer: Answer) -> int | None:
    """Return which byte of the file a part begins with."""
    first = (answer.headers.get("Content-Range") or "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isascii() and first.isdigit() else None


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where a download may come from."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        require_https(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error) or type(error).__name__
