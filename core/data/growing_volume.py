"""A mask that is looked at while it is made: batches of axial slices, each there whole or not at all.

It lies among the viewer's volumes and has their manifest (protocol v1), without slabs but with

    "growing": {"parts": [[slice of the stored box, ...], ...], "slices": of how many, "ended": bool}

and each part as `part-<i>.gz`, which inflates to (s, y, x) bytes, x running fastest. A part never changes; a slice that
comes again replaces what came before. So the number of parts is the revision, and whoever looks fetches only new ones.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.slabs import PROTOCOL_VERSION
from core.volume import Box

MANIFEST = "manifest.json"


def part_name(index: int) -> str:
    """Return what the file of a part is called."""
    return f"part-{index}.gz"


class GrowingVolume:
    """Writes a volume of region bits, slice by slice.

    Nothing is forced onto the disk: after a crash the work is done again, and this with it.
    """

    def __init__(
        self,
        folder: Path,
        shape: tuple[int, int, int],
        box: Box,
        affine: npt.NDArray[np.float64] | None,
        slices: int,
    ) -> None:
        """Begin with nothing.

        Args:
            folder: the volume's own among the viewer's, where nothing is yet.
            shape: of the full grid (X, Y, Z).
            box: outside of which nothing will come.
            affine: (4, 4) of the full grid, or None without geometry.
            slices: how many will come.
        """
        self._folder = folder
        self._box = box
        self._stored_bytes = 0
        self._parts: list[list[int]] = []
        self._manifest: dict[str, Any] = {
            "version": PROTOCOL_VERSION,
            "dtype": "uint8",
            "shape": list(box.shape),
            "full_shape": list(shape),
            "box_offset": list(box.start),
            "affine": None if affine is None else affine.tolist(),
            "slope": 1.0,
            "intercept": 0.0,
            "fill": 0,
            "window": [0.0, 1.0],
            "range": [0.0, 255.0],
            "peaks": None,
            "slabs": [],
            "half": None,
            "public": False,
            "growing": {"parts": self._parts, "slices": slices, "ended": False},
        }
        folder.mkdir(parents=True)
        self._write_manifest()

    def publish(self, slices: Sequence[int], bits: npt.NDArray[np.uint8]) -> None:
        """Show some more slices.

        Args:
            slices: their numbers on the full grid.
            bits: (S, x, y) uint8 region bits inside the box, in the same order.
        """
        from isal import igzip

        rows = np.ascontiguousarray(bits.transpose(0, 2, 1))
        packed: bytes = igzip.compress(rows.tobytes(), compresslevel=1, mtime=0)
        self._swap(part_name(len(self._parts)), packed)
        self._stored_bytes += len(packed)
        self._parts.append([number - self._box.start[2] for number in slices])
        self._write_manifest()

    def end(self) -> None:
        """Say that nothing more will come."""
        self._manifest["growing"]["ended"] = True
        self._write_manifest()

    def _write_manifest(self) -> None:
        document = {**self._manifest, "stored_bytes": self._stored_bytes}
        self._swap(MANIFEST, json.dumps(document, allow_nan=False).encode())

    def _swap(self, name: str, content: bytes) -> None:
        draft = self._folder / f".{name}.tmp"
        draft.write_bytes(content)
        draft.replace(self._folder / name)


def part_voxels(packed: bytes, box: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """Return the (x, y, S) bytes of one part of a stored box whose shape is (x, y, z)."""
    import gzip

    return np.frombuffer(gzip.decompress(packed), np.uint8).reshape(-1, box[1], box[0]).transpose(2, 1, 0)
