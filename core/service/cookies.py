"""The cookie that tells one browser from another. It holds nothing but chance."""

from __future__ import annotations

import re
import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "segscope_browser"
WELL_FORMED = re.compile(r"[0-9a-f]{32}")


def browser_of(cookies: str) -> str:
    """Return our cookie's value from a `Cookie` header, or an empty text where it is missing or malformed."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookies)
    except CookieError:
        return ""
    return well_formed(jar[COOKIE].value) if COOKIE in jar else ""


def well_formed(value: object) -> str:
    """Return `value` if we could have set it, else an empty text."""
    return value if isinstance(value, str) and WELL_FORMED.fullmatch(value) else ""


class BrowserCookie:
    """ASGI middleware that gives every browser without our cookie one, together with the page.

    Only HTML responses carry it: the requests that a page makes at once would otherwise each bring another value.
    SameSite is Lax and not Strict, because Strict would be left out when somebody follows a link to the app,
    and a new value would lock the tabs that are already open out of their volumes.
    """

    def __init__(self, app: ASGIApp, path: str = "/") -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Headers(scope=scope)
        if browser_of(request.get("cookie", "")):
            await self.app(scope, receive, send)
            return
        # a page that the browser has kept comes as 304, without a type
        for_page = "text/html" in request.get("accept", "")
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"{COOKIE}={secrets.token_hex(16)}; Path={self.path}; HttpOnly; SameSite=Lax{secure}"

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_html = headers.get("content-type", "").startswith("text/html")
                if is_html or (for_page and message["status"] == 304):
                    headers.append("set-cookie", cookie)
            await send(message)

        await self.app(scope, receive, send_with_cookie)
