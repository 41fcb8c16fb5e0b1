"""Who may read a volume: a token that ties one volume to one browser until one moment.

A token is an expiry in Unix seconds, a dot, and the HMAC-SHA256 of three lines: content hash, cookie, expiry.
Reference: RFC 2104.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import os
import secrets
import time
from pathlib import Path

TOKEN_HEADER = "X-Segscope-Token"  # noqa: S105 - a header's name
LIFETIME_S = 3600
# Tokens asked for within one step are equal, so that a page which runs again sends the viewer nothing new.
STEP_S = 300
KEY_BYTES = 32


class TokenKeyError(RuntimeError):
    """The workspace's token key cannot be used; the message says why."""


def token_key(workspace: Path) -> bytes:
    """Return the workspace's secret key, making it (mode 0600) the first time.

    Raises:
        TokenKeyError: the file has another length than a key.
    """
    path = workspace / "volume-token.key"
    if not path.exists():
        workspace.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, secrets.token_bytes(KEY_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            # a link fails where a rename would replace: of two processes that start together one key wins
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise TokenKeyError(f"{path} holds {len(key)} bytes, expected {KEY_BYTES}; delete it and open the page again")
    return key


def issue(key: bytes, content_hash: str, cookie: str, now_s: float | None = None) -> str:
    """Return a token for one volume and one browser, good for at least `LIFETIME_S`."""
    now_s = time.time() if now_s is None else now_s
    expiry_s = (math.floor(now_s / STEP_S) + 1) * STEP_S + LIFETIME_S
    return f"{expiry_s}.{_signature(key, content_hash, cookie, expiry_s)}"


def is_valid(key: bytes, token: str, content_hash: str, cookie: str, now_s: float | None = None) -> bool:
    """Tell whether `token` opens this volume for this browser now; no cookie is never enough."""
    now_s = time.time() if now_s is None else now_s
    expiry, dot, signature = token.partition(".")
    if not (dot and cookie and expiry.isascii() and expiry.isdigit() and len(expiry) <= 12):
        return False
    expected = _signature(key, content_hash, cookie, int(expiry))
    return hmac.compare_digest(expected.encode(), signature.encode()) and now_s < int(expiry)


def _signature(key: bytes, content_hash: str, cookie: str, expiry_s: int) -> str:
    message = f"{content_hash}\n{cookie}\n{expiry_s}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()
