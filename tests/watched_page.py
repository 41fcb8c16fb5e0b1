"""A page whose scripts may not throw, and that asks for nothing outside this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request, WebError

SCREEN: Any = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"}
LOCAL_HOSTS = {"127.0.0.1", "localhost", ""}


@contextmanager
def watched_page(context: BrowserContext, may_throw: bool = False) -> Iterator[Page]:
    """Open a page in a profile, close it, and only then fail for what it did meanwhile.

    Args:
        context: the profile, which nobody else uses at the same time.
        may_throw: the test is about scripts that fail.
    """
    thrown: list[str] = []
    outside: list[str] = []

    def on_throw(error: WebError) -> None:
        thrown.append(str(error.error))

    def on_request(sent: Request) -> None:
        if not _is_local(sent.url):
            outside.append(sent.url)

    context.on("weberror", on_throw)
    context.on("request", on_request)
    page = context.new_page()
    try:
        yield page
    finally:
        page.close()
        context.remove_listener("weberror", on_throw)
        context.remove_listener("request", on_request)
    assert not outside, f"the page asked for addresses outside this machine: {sorted(set(outside))}"
    assert may_throw or not thrown, f"scripts on the page threw: {thrown}"


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in {"http", "https", "ws", "wss"} or (parts.hostname or "") in LOCAL_HOSTS
