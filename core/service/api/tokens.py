"""Who may use the API: whoever holds a line of the workspace's `api-token`, which nobody but its owner can read."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from core.errors import RefusedError

FILE = "api-token"
SHORTEST = 20


class TokenFileError(RefusedError):
    """The file of tokens cannot be used; the message says why."""


def token_file(workspace: Path) -> Path:
    """Return the file of tokens, one a line, making it (mode 0600, one token) the first time."""
    path = workspace / FILE
    if not path.exists():
        workspace.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{FILE}.{secrets.token_hex(4)}.tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, f"{secrets.token_urlsafe(32)}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            # a link fails where a rename would replace: of two processes that start together one token wins
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path


def read_tokens(workspace: Path) -> list[str]:
    """Return the tokens that open the API.

    Raises:
        TokenFileError: others can read the file, or a line of it is too short to be a secret.
    """
    path = token_file(workspace)
    if path.stat().st_mode & 0o077:
        raise TokenFileError(f"others can read the workspace's {FILE}; run chmod 600 on it, or delete it for a new one")
    tokens = [line.strip() for line in path.read_text().splitlines() if line.strip()]
    if not tokens or any(len(token) < SHORTEST for token in tokens):
        raise TokenFileError(
            f"the workspace's {FILE} holds no token or one of fewer than {SHORTEST} characters; delete it for a new one"
        )
    return tokens


class Tokens:
    """Compares what a request offers with the tokens there are; a changed file counts at once."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._seen: tuple[int, int] | None = None
        self._digests: list[bytes] = []

    def holder(self, offered: str) -> str | None:
        """Return what stands for a token's holder, or None where it opens nothing. Takes as long whichever it is.

        Raises:
            TokenFileError: the file of tokens cannot be used.
        """
        stat = token_file(self._workspace).stat()
        if self._seen != (stat.st_mtime_ns, stat.st_mode):
            self._digests = [_digest(token) for token in read_tokens(self._workspace)]
            self._seen = (stat.st_mtime_ns, stat.st_mode)
        digest = _digest(offered)
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        return digest.hex() if any(matches) else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
