"""The slice store: one case's slices on disk, read by memory map and prepared on read.

`<case>/<plane>.npy` holds (S, C, H, W) as stored in the files, air slices dropped; `labels.npy` the
reference's region bits (X, Y, Z) inside the box, axial slices contiguous; `prepared.json` the rest.
"""

from __future__ import annotations

from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.atomic import new_folder, read_json, replacing, write_json
from core.data.content import content_hashes
from core.data.prepare import Constants, Preparing, Window, head_mask, measure_constants, prepare
from core.data.slicing import PLANES, Plane, cut, head_slices
from core.data.stacking import COPYING_THREADS, copy_planes
from core.volume import Array, Box, Volume

SCHEMA_VERSION = 1
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class SlicedCase:
    """One case cut into slices of one plane: in memory, or memory-mapped from the store.

    Attributes:
        case_id: which case.
        modalities: the name of each stored channel.
        shape: the full RAS+ grid (X, Y, Z).
        box: the brain box that was kept.
        constants: what preparing needs.
        content: content hash per channel that is not constant; empty where nobody needs it.
        plane: the plane of `slices`.
        slices: (S, C, H, W) as stored.
        slice_index: the position of each stored slice along the full grid's axis.
        reference: uint8 region bits (X, Y, Z) inside the box, or None.
        folder: where in the store it was opened, or None.
    """

    case_id: str
    modalities: tuple[str, ...]
    shape: tuple[int, int, int]
    box: Box
    constants: Constants
    content: dict[str, str]
    plane: Plane
    slices: Array
    slice_index: tuple[int, ...]
    reference: npt.NDArray[np.uint8] | None
    folder: Path | None = None

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Send another process the address of stored pixels, and not the pixels."""
        if self.folder is None:
            return SlicedCase, tuple(getattr(self, name) for name in self.__slots__)
        return open_case, (self.folder, self.plane)

    def prepared(
        self,
        index: int | Indices,
        modalities: tuple[str, ...],
        method: Preparing,
        window: Window | None = None,
        neighbours: int = 0,
    ) -> npt.NDArray[np.float32]:
        """Prepare one stored slice (C, H, W), or several (S, C, H, W), for a network.

        Args:
            index: the position of a stored slice, or positions (S,).
            modalities: the channels of each slice, in this order.
            method: how intensities are scaled.
            window: for the method of that name.
            neighbours: k: how many slices on either side are channels too. Channels are the modalities of the slice
                k below on the full grid, then those of k - 1 below, up to k above. What is air or outside is 0.

        Returns:
            float32, C = modalities x (2 k + 1).
        """
        if neighbours == 0:
            return self._prepared(index, modalities, method, window)
        middle = np.atleast_1d(np.asarray(index, np.intp))
        count = len(modalities)
        height, width = self.slices.shape[2:]
        out = np.zeros((len(middle), count * (2 * neighbours + 1), height, width), np.float32)
        for order, offset in enumerate(range(-neighbours, neighbours + 1)):
            places = np.array([self._place(self.slice_index[at] + offset) for at in middle], np.intp)
            there = np.flatnonzero(places >= 0)
            if there.size:
                part = self._prepared(places[there], modalities, method, window)
                out[there, order * count : (order + 1) * count] = part
        return out if isinstance(index, np.ndarray) else out[0]

    def _prepared(
        self, index: int | Indices, modalities: tuple[str, ...], method: Preparing, window: Window | None
    ) -> npt.NDArray[np.float32]:
        channels = [self.modalities.index(name) for name in modalities]
        stored = self.slices[index]
        if stored.ndim == 3:
            return prepare(stored[channels], self.constants, modalities, method, window)
        by_channel = prepare(np.moveaxis(stored[:, channels], 1, 0), self.constants, modalities, method, window)
        return np.ascontiguousarray(np.moveaxis(by_channel, 0, 1))

    def _place(self, native: int) -> int:
        """Return the position of a slice of the full grid among those stored, or -1 where it is not."""
        at = bisect_left(self.slice_index, native)
        return at if at < len(self.slice_index) and self.slice_index[at] == native else -1

    def reference_slice(self, index: int) -> npt.NDArray[np.uint8]:
        """Return the reference's region bits (H, W) of one stored slice; zeros where there is no reference."""
        if self.reference is None:
            return np.zeros(self.slices.shape[2:], np.uint8)
        axis = PLANES[self.plane]
        return np.array(cut(self.reference, self.plane)[self.slice_index[index] - self.box.start[axis]])


def slice_case(
    case_id: str, volume: Volume, reference: npt.NDArray[np.uint8] | None, plane: Plane, hashed: bool = True
) -> SlicedCase:
    """Crop a volume to its brain box and cut it into slices, air slices dropped.

    Training reads exactly this back from the store, inference uses it as it is: both prepare the same bytes.

    Args:
        case_id: which case.
        volume: its channels.
        reference: uint8 region bits (X, Y, Z) of the full grid, or None; the box does not depend on it.
        plane: how to cut.
        hashed: compute the content hashes.
    """
    head = head_mask(volume)
    box = Box.around(head) or Box.whole(volume.shape)
    slices = cut(box.crop(volume.voxels), plane)
    kept = head_slices(cut(box.crop(head), plane))
    return SlicedCase(
        case_id=case_id,
        modalities=volume.modalities,
        shape=volume.shape,
        box=box,
        constants=measure_constants(volume, box),
        content=content_hashes(volume) if hashed else {},
        plane=plane,
        slices=_gathered(slices, kept),
        slice_index=tuple(box.start[PLANES[plane]] + int(index) for index in kept),
        reference=None if reference is None else np.asfortranarray(box.crop(reference)),
    )


def _gathered(slices: Array, kept: Indices) -> Array:
    """Copy some slices (S, C, H, W) into an array in C order, run by run of neighbours."""
    out = np.empty((len(kept), *slices.shape[1:]), slices.dtype)
    runs = np.split(np.arange(len(kept)), np.flatnonzero(np.diff(kept) != 1) + 1) if len(kept) else []

    def copy(channel: int) -> None:
        for run in runs:
            into, first = slice(int(run[0]), int(run[-1]) + 1), int(kept[run[0]])
            copy_planes(out[into, channel], slices[first : first + len(run), channel])

    with ThreadPoolExecutor(COPYING_THREADS) as pool:
        list(pool.map(copy, range(slices.shape[1])))
    return out


def write_case(folder: Path, sliced: SlicedCase) -> None:
    """Write one case into the store, replacing what was there."""
    facts = {
        "schema_version": SCHEMA_VERSION,
        "case_id": sliced.case_id,
        "modalities": list(sliced.modalities),
        "shape": list(sliced.shape),
        "box": {"start": list(sliced.box.start), "stop": list(sliced.box.stop)},
        "constants": sliced.constants.to_json(),
        "content_hashes": sliced.content,
        "slice_index": {sliced.plane: list(sliced.slice_index)},
    }
    with new_folder(folder) as new:
        np.save(new / f"{sliced.plane}.npy", sliced.slices)
        if sliced.reference is not None:
            np.save(new / "labels.npy", sliced.reference)
        write_json(new / "prepared.json", facts)


def add_plane(folder: Path, sliced: SlicedCase) -> None:
    """Add slices of one more plane to a case that is already in the store."""
    facts = read_json(folder / "prepared.json")
    with replacing(folder / f"{sliced.plane}.npy") as stream:
        np.save(stream, sliced.slices)
    facts["slice_index"][sliced.plane] = list(sliced.slice_index)
    write_json(folder / "prepared.json", facts)


def has_plane(folder: Path, plane: Plane) -> bool:
    """Tell whether a case of the store has been cut in this plane."""
    return plane in read_json(folder / "prepared.json")["slice_index"]


def open_case(folder: Path, plane: Plane) -> SlicedCase:
    """Open one case of the store.

    Raises:
        FileNotFoundError: the case, or this plane of it, is not in the store.
    """
    facts: dict[str, Any] = read_json(folder / "prepared.json")
    labels = folder / "labels.npy"
    x, y, z = facts["shape"]
    return SlicedCase(
        case_id=facts["case_id"],
        modalities=tuple(facts["modalities"]),
        shape=(x, y, z),
        box=Box(tuple(facts["box"]["start"]), tuple(facts["box"]["stop"])),
        constants=Constants.from_json(facts["constants"]),
        content=facts["content_hashes"],
        plane=plane,
        slices=np.load(folder / f"{plane}.npy", mmap_mode="r"),
        slice_index=tuple(facts["slice_index"][plane]),
        reference=np.load(labels, mmap_mode="r") if labels.exists() else None,
        folder=folder,
    )
