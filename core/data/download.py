"""Download one public file: resumed where it broke off, verified, and under its name only when it is whole."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any

from core.atomic import read_json, sync_folder, write_json
from core.data import limits
from core.data.addresses import Checksum
from core.data.https import (
    BLOCK,
    OK,
    OUT_OF_RANGE,
    PARTIAL,
    BrokenOffError,
    DownloadFailedError,
    DownloadRefusedError,
    ask,
    first_byte_of,
    next_block,
    require_https,
    total_bytes,
)

TIMEOUT_S = 10.0  # for the connection and for each block, so that being offline is known soon
ATTEMPTS = 5  # in a row that bring less than a block
PAUSE_S = 1.0  # before the second attempt; twice as long before each further one

OnProgress = Callable[[int, int | None], None]

__all__ = ["DownloadFailedError", "DownloadRefusedError", "Downloaded", "download", "file_digest", "require_space"]


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A whole file on this disk, with the SHA-256 of its bytes (lower-case hex)."""

    path: Path
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked for, and how."""

    url: str
    checksum: Checksum | None
    on_progress: OnProgress
    most_bytes: int
    timeout_s: float


def download(
    url: str,
    path: Path,
    checksum: Checksum | None,
    on_progress: OnProgress = lambda _done, _total: None,
    most_bytes: int = limits.MAX_DOWNLOAD_BYTES,
    timeout_s: float = TIMEOUT_S,
) -> Downloaded:
    """Return the file at an address, going on with what an earlier call left.

    Args:
        url: https only, its redirects too; plain http from this machine itself.
        path: where it goes; the unfinished file stands beside it as `.<name>.part`.
        checksum: what it must hash to; None where nobody says it, which the caller has to tell.
        on_progress: told how many bytes are here, and of how many where the server says it.
        most_bytes: more is refused.
        timeout_s: how long to wait for the connection and for each block.

    Raises:
        DownloadFailedError: it cannot be had, or there is no room for it.
        DownloadRefusedError: not https, larger than allowed, or another checksum; nothing is kept.
    """
    require_https(url)
    if path.is_file():
        with contextlib.suppress(DownloadRefusedError):
            return _verified(path, url, checksum)
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("ab") as stream:
        _lock(stream, path)
        with _kept_only_if_useful(part):
            _fill(part, stream, _Wanted(url, checksum, on_progress, most_bytes, timeout_s))
            stream.flush()
            os.fsync(stream.fileno())
            done = _verified(part, url, checksum)
        part.replace(path)
    _facts_of(part).unlink(missing_ok=True)
    sync_folder(path.parent)
    return Downloaded(path, done.bytes, done.sha256)


def file_digest(path: Path, algorithm: str) -> str:
    """Return a file's hash, lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def require_space(folder: Path, needed_bytes: int) -> None:
    """Say so if a folder's disk has not enough room.

    Raises:
        DownloadFailedError: writing so much would leave less than 1 GiB.
    """
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < needed_bytes + limits.FREE_DISK_BYTES:
        raise DownloadFailedError(
            f"the disk has {free / 1e9:.1f} GB free; expected {(needed_bytes + limits.FREE_DISK_BYTES) / 1e9:.1f} GB: "
            "free some space, or set SEGSCOPE_WORKSPACE to a folder on another disk"
        )


def _fill(part: Path, stream: IO[bytes], wanted: _Wanted) -> None:
    """Ask for what is missing until nothing is, waiting longer each time that next to nothing came."""
    attempts = 0
    came = False
    while True:
        before = stream.tell()
        try:
            _fetch_rest(part, stream, wanted)
            return
        except OSError as error:  # the disk's: those of the network are told apart where they come up
            raise DownloadFailedError(f"{part.name} cannot be written ({error.strerror})") from None
        except BrokenOffError as error:
            gained = stream.tell() - before
            came = came or gained != 0
            attempts = 0 if gained >= BLOCK else attempts + 1
            if not came or attempts >= ATTEMPTS:
                stream.flush()
                kept = f"; {stream.tell() / 1e6:.1f} MB are kept, ask again to go on" if stream.tell() else ""
                raise DownloadFailedError(f"{wanted.url} cannot be reached ({error}){kept}") from None
            time.sleep(PAUSE_S * 2.0 ** (attempts - 1) if attempts else 0)


def _fetch_rest(part: Path, stream: IO[bytes], wanted: _Wanted) -> None:
    facts = _read_facts(part)
    mark = _mark(facts)
    # without a checksum or a mark nothing promises that the rest fits
    if stream.tell() and (facts.get("url") != wanted.url or not (wanted.checksum or mark)):
        _start_over(stream)
    here = stream.tell()
    with ask(wanted.url, here, mark, wanted.timeout_s) as answer:
        total = total_bytes(answer)
        if answer.status == OUT_OF_RANGE and total == here:
            return
        if answer.status == OUT_OF_RANGE or (answer.status == PARTIAL and first_byte_of(answer) != here):
            _start_over(stream)
            raise BrokenOffError("the server sends another part than was asked for")
        if answer.status == OK:  # from the start: it knows no ranges, or the file there is another one by now
            _start_over(stream)
        if (total or 0) > wanted.most_bytes:
            raise DownloadRefusedError(f"{wanted.url} sends {total:,} bytes; expected at most {wanted.most_bytes:,}")
        require_space(part.parent, (total or 0) - stream.tell())
        _write_facts(part, wanted.url, answer.headers)
        while block := next_block(answer):
            stream.write(block)
            if stream.tell() > wanted.most_bytes:
                raise DownloadRefusedError(f"{wanted.url} sends more than {wanted.most_bytes:,} bytes")
            wanted.on_progress(stream.tell(), total)
        stream.flush()
        if total is not None and stream.tell() < total:
            raise BrokenOffError(f"the connection ended after {stream.tell():,} of {total:,} bytes")


def _start_over(stream: IO[bytes]) -> None:
    stream.truncate(0)
    stream.seek(0)


def _verified(path: Path, url: str, checksum: Checksum | None) -> Downloaded:
    size = path.stat().st_size
    if checksum is not None and (found := file_digest(path, checksum.algorithm)) != checksum.hex:
        raise DownloadRefusedError(
            f"{url} sent {size:,} bytes with {checksum.algorithm} {found[:16]}…; expected {checksum.hex[:16]}…: "
            "the download is cut short or altered, try again"
        )
    return Downloaded(path, size, file_digest(path, "sha256"))


@contextlib.contextmanager
def _kept_only_if_useful(part: Path) -> Iterator[None]:
    """Remove an unfinished file that nothing can be joined to: an empty one, or one that is refused."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, DownloadRefusedError) or not part.stat().st_size:
            part.unlink()
            _facts_of(part).unlink(missing_ok=True)
        raise


def _lock(stream: IO[bytes], path: Path) -> None:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DownloadFailedError(f"{path.name} is being downloaded by another process; wait for it") from None


def _facts_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _write_facts(part: Path, url: str, headers: Message) -> None:
    document = {"url": url, "etag": headers.get("ETag"), "last_modified": headers.get("Last-Modified")}
    write_json(_facts_of(part), document)


def _read_facts(part: Path) -> dict[str, Any]:
    try:
        facts = read_json(_facts_of(part))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _mark(facts: dict[str, Any]) -> str | None:
    """Return what tells whether the server's file is still the same; a weak ETag promises no equal bytes."""
    etag = facts.get("etag")
    if isinstance(etag, str) and not etag.startswith("W/"):
        return etag
    changed = facts.get("last_modified")
    return changed if isinstance(changed, str) else None
