"""Fetch one public weights file, checked against its published hash."""

from __future__ import annotations

from pathlib import Path

from core.data.addresses import Address
from core.data.download import TIMEOUT_S, DownloadFailedError, DownloadRefusedError, OnProgress, download, file_digest
from core.pretrained.errors import WeightsRefusedError, WeightsUnavailableError

MAX_BYTES = 2 * 1024**3


def fetch(
    address: Address,
    folder: Path,
    timeout_s: float = TIMEOUT_S,
    on_progress: OnProgress = lambda _done, _total: None,
) -> Path:
    """Return the file at an address, from `folder` if it was fetched before.

    Args:
        address: where it is and what it hashes to.
        folder: where it is kept, under a name that starts with its hash.
        timeout_s: how long to wait for the connection and for each block.
        on_progress: told how many bytes are here, and of how many where the server says it.

    Raises:
        WeightsUnavailableError: the server cannot be reached, or does not have it.
        WeightsRefusedError: what came is not what was published; nothing is kept.
    """
    path = folder / f"{address.sha256[:16]}-{address.file_name}"
    try:
        return download(address.url, path, address.checksum, on_progress, MAX_BYTES, timeout_s).path
    except DownloadFailedError as error:
        raise WeightsUnavailableError(str(error)) from None
    except DownloadRefusedError as error:
        raise WeightsRefusedError(str(error)) from None


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, lower-case hex."""
    return file_digest(path, "sha256")
