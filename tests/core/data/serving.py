"""A web server on this machine that can be told to misbehave."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What the server has, how it behaves, and what it was asked for.

    Attributes:
        content: what it sends, whatever the path.
        drops: after how many bytes each answer in turn breaks off; none left: it does not.
        ranges: whether it can send a part.
        etag: what it marks the content with.
        length: whether it says how long the content is.
        status: what it answers instead, such as 404.
        location: where it redirects to.
        asked: the Range and If-Range of each request.
    """

    content: bytes
    drops: list[int] = field(default_factory=list)
    ranges: bool = True
    etag: str | None = '"one"'
    length: bool = True
    status: int = 200
    location: str | None = None
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve a site until the block ends; its `url` is then where."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, site)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_port}/set"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, site: Site) -> None:
    wanted, mark = handler.headers.get("Range"), handler.headers.get("If-Range")
    site.asked.append((wanted, mark))
    if site.location or site.status != 200:
        handler.send_response(302 if site.location else site.status)
        if site.location:
            handler.send_header("Location", site.location)
        handler.end_headers()
        return
    start = 0
    if wanted and site.ranges and (mark is None or mark == site.etag):
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
    if start and start >= len(site.content):
        handler.send_response(416)
        handler.send_header("Content-Range", f"bytes */{len(site.content)}")
        handler.end_headers()
        return
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(site.content) - 1}/{len(site.content)}")
    if site.length:
        handler.send_header("Content-Length", str(len(site.content) - start))
    if site.etag:
        handler.send_header("ETag", site.etag)
    handler.end_headers()
    rest = site.content[start:]
    handler.wfile.write(rest[: site.drops.pop(0)] if site.drops else rest)
