"""Fetch one public file: bounded in time and size, checked against its published hash."""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from core.atomic import replacing
from core.data.addresses import Address
from core.pretrained.errors import WeightsRefusedError, WeightsUnavailableError

TIMEOUT_S = 10.0  # for the connection and for each block, so that being offline is known soon
MAX_BYTES = 2 * 1024**3
BLOCK = 1 << 20


def fetch(address: Address, folder: Path, timeout_s: float = TIMEOUT_S) -> Path:
    """Return the file at an address, from `folder` if it was fetched before.

    Args:
        address: where it is and what it hashes to.
        folder: where it is kept, under a name that starts with its hash.
        timeout_s: how long to wait for the connection and for each block.

    Raises:
        WeightsUnavailableError: the server cannot be reached, or does not have it.
        WeightsRefusedError: what came is not what was published; nothing is kept.
    """
    path = folder / f"{address.sha256[:16]}-{address.file_name}"
    if path.is_file() and file_sha256(path) == address.sha256:
        return path
    digest, size = hashlib.sha256(), 0
    with replacing(path) as stream:
        for block in _blocks(address.url, timeout_s):
            size += len(block)
            if size > MAX_BYTES:
                raise WeightsRefusedError(f"{address.url} sends more than {MAX_BYTES:,} bytes")
            digest.update(block)
            stream.write(block)
        if digest.hexdigest() != address.sha256:
            raise WeightsRefusedError(
                f"{address.url} sent {size:,} bytes with sha256 {digest.hexdigest()[:16]}…; "
                f"expected {address.sha256[:16]}…: the download is cut short or altered, try again"
            )
    return path


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _blocks(url: str, timeout_s: float) -> Iterator[bytes]:
    if not url.startswith(("https://", "http://")):
        raise WeightsRefusedError(f"{url} is no web address; expected https://")
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:  # noqa: S310 (checked above)
            while block := answer.read(BLOCK):
                yield block
    except HTTPError as error:
        error.close()
        raise WeightsUnavailableError(f"{url} cannot be had (status {error.code})") from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsUnavailableError(f"{url} cannot be reached ({reason})") from None
