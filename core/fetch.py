"""Fetch a public data set or weights by name: room first, then the download, its checksum, and unpacking."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.atomic import read_json, write_json
from core.data.addresses import ADDRESSES, DATA_SETS, Address, Checksum, DataSet
from core.data.archives import unpack
from core.data.download import Downloaded, OnProgress, download, require_space
from core.errors import RefusedError
from core.workspace import Workspace

UNPACKED = "files"
RECORD = "fetched.json"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched.

    Attributes:
        name: as it was asked for.
        path: the data set's folder, or the weights file.
        bytes: size of what was downloaded.
        sha256: of what was downloaded.
        checked: one sentence: against what it was verified.
        licence: its terms.
        is_data: whether it can be imported.
    """

    name: str
    path: Path
    bytes: int
    sha256: str
    checked: str
    licence: str
    is_data: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"path": str(self.path)}


def fetchable() -> dict[str, str]:
    """Return what can be fetched, name to title."""
    sets = {name: data.title for name, data in DATA_SETS.items()}
    return sets | {name: f"weights, {address.file_name}" for name, address in ADDRESSES.items()}


def fetch(workspace: Workspace, name: str, on_progress: OnProgress = lambda _done, _total: None) -> Fetched:
    """Fetch what is called `name`, or say where it is if that was done before.

    Args:
        workspace: a data set goes to its `downloads/NAME/`, weights to where trainings look for them.
        name: one of `fetchable()`.
        on_progress: told how many bytes are here, and of how many where that is known.

    Raises:
        RefusedError: no such name, or what came is not what was published; that is removed.
        JobFailedError: it cannot be had, or there is no room; a later call goes on.
    """
    if name in DATA_SETS:
        return _fetch_data(workspace.downloads / name, name, DATA_SETS[name], on_progress)
    if name in ADDRESSES:
        return _fetch_weights(workspace, name, ADDRESSES[name], on_progress)
    raise RefusedError(f"nothing that can be fetched is called {name!r}; known: {', '.join(fetchable())}")


def _fetch_data(folder: Path, name: str, data: DataSet, on_progress: OnProgress) -> Fetched:
    record_path, unpacked, archive = folder / RECORD, folder / UNPACKED, folder / data.file_name
    record = read_json(record_path) if record_path.is_file() else None
    if record is None or not unpacked.is_dir():
        if unpacked.is_dir():
            raise RefusedError(f"{unpacked} is there, but not from a fetch that ended; move it away and fetch again")
        seen = Checksum("sha256", record["sha256"], "the first download") if record else None
        if not archive.is_file():
            part = folder / f".{archive.name}.part"
            here = part.stat().st_size if part.is_file() else 0
            require_space(folder, (data.bytes or 0) - here + (data.unpacked_bytes or 0))
        done = download(data.url, archive, data.checksum or seen, on_progress)
        record = {"url": data.url, "bytes": done.bytes, "sha256": done.sha256, "checked": _checked(data, seen, done)}
        write_json(record_path, record)
        unpack(archive, unpacked, on_progress)
    archive.unlink(missing_ok=True)
    return Fetched(
        name=name,
        path=_only_folder(unpacked),
        bytes=record["bytes"],
        sha256=record["sha256"],
        checked=record["checked"],
        licence=data.licence,
        is_data=True,
    )


def _checked(data: DataSet, seen: Checksum | None, done: Downloaded) -> str:
    """Say against what a download was verified, and plainly when against nothing."""
    checksum = data.checksum or seen
    if checksum is not None:
        return f"its {checksum.algorithm.upper()} is the one stated by {checksum.stated_by}"
    return (
        "not verified: its publisher states no checksum; "
        f"the SHA-256 seen now, {done.sha256}, is kept and must be met by a later download"
    )


def _only_folder(folder: Path) -> Path:
    """Return the one folder that an archive holds, else where it was unpacked."""
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _fetch_weights(workspace: Workspace, name: str, address: Address, on_progress: OnProgress) -> Fetched:
    from core.pretrained import download as weights

    path = weights.fetch(address, workspace.root / "cache" / "weights", on_progress=on_progress)
    checksum = address.checksum
    return Fetched(
        name=name,
        path=path,
        bytes=path.stat().st_size,
        sha256=address.sha256,
        checked=f"its {checksum.algorithm.upper()} is the one stated by {checksum.stated_by}",
        licence=address.licence,
        is_data=False,
    )
