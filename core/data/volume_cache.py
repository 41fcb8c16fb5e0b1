"""The viewer's volumes on disk: written on first view, bounded in bytes, the least recently used let go first."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.atomic import new_folder, read_json, replacing, write_json
from core.data.growing_volume import GrowingVolume, part_name, part_voxels
from core.data.limits import BROWSER_WHOLE_BYTES
from core.data.slabs import ViewerArray, address, decode_slab, encode
from core.volume import Array, Box

ADDRESS = re.compile(r"[0-9a-f]{64}")
DEFAULT_MAX_BYTES = 8 * 1024**3
# A read moves a volume to the front of the queue at most this often: one write to the folder is enough.
TOUCH_EVERY_S = 60.0


class NoSuchVolumeError(LookupError):
    """A volume or slab that is not in the cache; opening the case again brings it back."""


class VolumeCache:
    """Volumes as manifest and slabs under `root`, at most `max_bytes` of them.

    A volume of more than `whole_bytes` gets a copy of half its resolution, for browsers that cannot hold the whole.

    Several processes may use one folder: a volume appears whole or not at all.
    """

    def __init__(self, root: Path, max_bytes: int = DEFAULT_MAX_BYTES, whole_bytes: int = BROWSER_WHOLE_BYTES) -> None:
        self.root = root
        self.max_bytes = max_bytes
        self.whole_bytes = whole_bytes

    def ensure(self, make: Callable[[], ViewerArray], key: str) -> str:
        """Return the address of the volume known as `key`, making it only if it is not here.

        Args:
            make: gives the voxels.
            key: a content hash (64 hex digits), which then is the address; or any other text that names these
                voxels for good, such as a prediction's folder and options.
        """
        if ADDRESS.fullmatch(key):
            return key if self._touch(key) else self.put(make(), key)
        note = self.root / "keys" / sha256(key.encode()).hexdigest()
        with contextlib.suppress(OSError):
            known = note.read_text(encoding="ascii")
            if ADDRESS.fullmatch(known) and self._touch(known):
                return known
        made = self.put(make())
        with replacing(note) as stream:
            stream.write(made.encode("ascii"))
        return made

    def put(self, source: ViewerArray, content_hash: str | None = None) -> str:
        """Write a volume and return its address: `content_hash` where the caller knows one.

        Raises:
            ValueError: `content_hash` is not a SHA-256 in lower-case hex.
        """
        key = address(source) if content_hash is None else content_hash
        folder = self._folder(key)
        if folder is None:
            raise ValueError(f"found {content_hash!r}, expected 64 hexadecimal digits in lower case")
        if self._touch(key):
            return key
        encoded = encode(source, self.whole_bytes)
        stored_bytes = sum(len(slab) for slab in (*encoded.slabs, *encoded.half))
        try:
            with new_folder(folder) as temporary:
                for index, slab in enumerate(encoded.slabs):
                    (temporary / f"{index}.gz").write_bytes(slab)
                for index, slab in enumerate(encoded.half):
                    (temporary / f"half-{index}.gz").write_bytes(slab)
                write_json(temporary / "manifest.json", {**encoded.manifest, "stored_bytes": stored_bytes})
        except OSError:
            # somebody else has written the same voxels in the meantime, such as another region that is empty too
            if not self._touch(key):
                raise
        self._evict(keep=key)
        return key

    def grow(
        self,
        key: str,
        shape: tuple[int, int, int],
        box: Box,
        affine: npt.NDArray[np.float64] | None,
        slices: int,
    ) -> GrowingVolume:
        """Begin a volume of region bits that is looked at while it is made; what was there is let go.

        Args:
            key: its address: 64 hex digits that name no other volume.
            shape: of the full grid (X, Y, Z).
            box: outside of which nothing will come.
            affine: (4, 4) of the full grid, or None.
            slices: how many axial slices will come.

        Raises:
            ValueError: `key` is no address.
        """
        self.forget(key)
        return GrowingVolume(self.root / key, shape, box, affine, slices)

    def forget(self, key: str) -> None:
        """Delete a volume; one that is not here is no error.

        Raises:
            ValueError: `key` is no address.
        """
        folder = self._folder(key)
        if folder is None:
            raise ValueError(f"found {key[:80]!r}, expected 64 hexadecimal digits in lower case")
        _discard(folder)

    def manifest(self, key: str) -> dict[str, Any]:
        """Return a volume's manifest.

        Raises:
            NoSuchVolumeError: it is not here.
        """
        folder = self._folder(key)
        try:
            if folder is None:
                raise FileNotFoundError(key)
            document: dict[str, Any] = read_json(folder / "manifest.json")
        except FileNotFoundError:
            raise NoSuchVolumeError(f"no volume {key[:80]!r} here; open the case again") from None
        self._touch(key)
        return document

    def slab(self, key: str, index: int, half: bool = False) -> bytes:
        """Return one gzipped slab, of the volume or of its copy of half the resolution.

        Raises:
            NoSuchVolumeError: the volume or the slab is not here.
        """
        folder = self._folder(key)
        try:
            if folder is None or index < 0:
                raise FileNotFoundError(key)
            return (folder / f"{'half-' if half else ''}{index}.gz").read_bytes()
        except FileNotFoundError:
            raise NoSuchVolumeError(f"no slab {index} of volume {key[:80]!r} here; open the case again") from None

    def part(self, key: str, index: int) -> bytes:
        """Return one gzipped part of a volume that grows, or has grown.

        Raises:
            NoSuchVolumeError: the volume or the part is not here, or not yet.
        """
        folder = self._folder(key)
        try:
            if folder is None or index < 0:
                raise FileNotFoundError(key)
            return (folder / part_name(index)).read_bytes()
        except FileNotFoundError:
            raise NoSuchVolumeError(f"no part {index} of volume {key[:80]!r} here; open the case again") from None

    def voxels(self, key: str) -> Array:
        """Return a volume's stored voxels (X, Y, Z) of the full grid.

        Raises:
            NoSuchVolumeError: it is not here.
        """
        manifest = self.manifest(key)
        full: Array = np.full(manifest["full_shape"], manifest["fill"], manifest["dtype"])
        start, shape = manifest["box_offset"], manifest["shape"]
        x, y, z = (at + length for at, length in zip(start, shape, strict=True))
        inside = Box((start[0], start[1], start[2]), (x, y, z)).crop(full)
        for index, place in enumerate(manifest["slabs"]):
            first, count = place["first"], place["count"]
            slab = decode_slab(self.slab(key, index), manifest["dtype"], (shape[0], shape[1], shape[2]))
            inside[:, :, first : first + count] = slab
        for index, slices in enumerate(manifest.get("growing", {}).get("parts", ())):
            inside[:, :, slices] = part_voxels(self.part(key, index), (shape[0], shape[1], shape[2]))
        return full

    def _folder(self, key: str) -> Path | None:
        return self.root / key if ADDRESS.fullmatch(key) else None

    def _touch(self, key: str) -> bool:
        manifest = self.root / key / "manifest.json"
        try:
            if time.time() - manifest.stat().st_mtime > TOUCH_EVERY_S:
                os.utime(manifest)
        except FileNotFoundError:
            return False
        return True

    def _evict(self, keep: str) -> None:
        entries = []
        for path in self.root.glob("*/manifest.json"):
            with contextlib.suppress(FileNotFoundError):
                entries.append((path.stat().st_mtime, path.parent, int(read_json(path)["stored_bytes"])))
        total = sum(size for _, _, size in entries)
        for _, folder, size in sorted(entries, key=lambda entry: entry[0]):
            if total <= self.max_bytes:
                return
            if folder.name != keep:
                _discard(folder)
                total -= size


def _discard(folder: Path) -> None:
    # renamed first: a reader finds the volume whole or not at all
    away = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.old")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(away)
        shutil.rmtree(away)
