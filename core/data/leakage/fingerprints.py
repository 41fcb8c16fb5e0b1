"""What the audit keeps of each stored case, beside its slices: their looks, and what its voxels measure."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.atomic import read_json, replacing, write_json
from core.data.leakage.looks import SIDE, look_of
from core.data.leakage.measuring import Measures, measure, measure_stored
from core.data.slicing import Plane
from core.data.store import SlicedCase, open_case
from core.volume import Box, stored_to_values

PLANE: Plane = "axial"  # an import cuts it for every case
VERSION = 1  # goes up when looks or measures change: those of another version are made again
LOOKS, FACTS = "looks.npy", "looks.json"


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What a stored case looks like and measures.

    Attributes:
        modalities: the name of each channel.
        positions: the native number of each axial slice that has a look.
        looks: (S, C, 32, 32) int8; zeros where a channel shows too little.
        measured: constants of preparing, by modality, measured over the stored voxels other than 0.
        over_mask: the same over the reference mask's box and over the mask itself, where there is one.
        cropped_like_mask: the stored box is exactly the box of the reference mask.
    """

    modalities: tuple[str, ...]
    positions: tuple[int, ...]
    looks: npt.NDArray[np.int8]
    measured: Measures
    over_mask: Mapping[str, Measures]
    cropped_like_mask: bool


def stamp(folder: Path) -> str | None:
    """Return what tells whether a case's stored voxels changed, or None where it is not in the store."""
    stamps = [f"{VERSION}"]
    for name in (f"{PLANE}.npy", "labels.npy"):
        try:
            stat = (folder / name).stat()
        except OSError:
            if name != "labels.npy":
                return None
            continue
        stamps.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
    return "; ".join(stamps)


def fingerprint(folder: Path) -> Fingerprint:
    """Return a stored case's fingerprint, made and kept beside its slices when it is first asked for.

    Args:
        folder: of one case in the slice store.

    Raises:
        FileNotFoundError: the case is not in the store.
    """
    made_from = stamp(folder)
    with contextlib.suppress(OSError, ValueError, KeyError):
        facts = read_json(folder / FACTS)
        if facts["made_from"] == made_from:
            return _read(facts, np.load(folder / LOOKS, mmap_mode="r"))
    facts, looks = _make(open_case(folder, PLANE))
    with contextlib.suppress(OSError):  # a store that cannot be written is audited all the same, only more slowly
        with replacing(folder / LOOKS) as stream:
            np.save(stream, looks)
        write_json(folder / FACTS, {"made_from": made_from, **facts})  # last: it says that the looks are whole
    return _read(facts, looks)


def _read(facts: dict[str, Any], looks: npt.NDArray[np.int8]) -> Fingerprint:
    if looks.shape[:2] != (len(facts["positions"]), len(facts["modalities"])):
        raise ValueError("looks of another case")
    return Fingerprint(
        modalities=tuple(facts["modalities"]),
        positions=tuple(facts["positions"]),
        looks=looks,
        measured=facts["measured"],
        over_mask=facts["over_mask"],
        cropped_like_mask=facts["cropped_like_mask"],
    )


def _make(case: SlicedCase) -> tuple[dict[str, Any], npt.NDArray[np.int8]]:
    measured = measure_stored(case)
    positions, looks = [], []
    for number, stored in enumerate(case.slices):
        channels = _looks(case, np.asarray(stored), measured)
        if channels.any():
            positions.append(case.slice_index[number])
            looks.append(channels)
    box = None if case.reference is None else Box.around(np.asarray(case.reference) != 0)
    facts = {
        "modalities": list(case.modalities),
        "positions": positions,
        "measured": measured,
        "over_mask": {} if box is None else _over_mask(case, box),
        "cropped_like_mask": box is not None and case.reference is not None and box.shape == case.reference.shape,
    }
    return facts, np.array(looks, np.int8).reshape(-1, len(case.modalities), SIDE, SIDE)


def _looks(case: SlicedCase, stored: npt.NDArray[Any], measured: Measures) -> npt.NDArray[np.int8]:
    """Return the looks of one stored slice (C, H, W), (C, 32, 32)."""
    looks = np.zeros((len(case.modalities), SIDE, SIDE), np.int8)
    for channel, name in enumerate(case.modalities):
        constants = case.constants.channels[name]
        values = stored_to_values(stored[channel], constants.slope, constants.intercept)
        look = look_of(values, measured[name]["low"], measured[name]["high"])
        if look is not None:
            looks[channel] = look
    return looks


def _over_mask(case: SlicedCase, box: Box) -> dict[str, Measures]:
    """Measure inside the reference mask's box, given within the stored one, and inside the mask."""
    assert case.reference is not None
    start, stop = box.start[2], box.stop[2]
    lowest = case.box.start[2]
    kept = [n for n, z in enumerate(case.slice_index) if start <= z - lowest < stop]
    inside = np.asarray(case.slices[kept[0] : kept[-1] + 1] if kept else case.slices[:0])
    inside = inside[:, :, box.start[0] : box.stop[0], box.start[1] : box.stop[1]]
    mask = np.stack([case.reference_slice(n) for n in kept]) if kept else np.zeros((0, *case.slices.shape[2:]))
    mask = mask[:, box.start[0] : box.stop[0], box.start[1] : box.stop[1]] != 0
    channels = [(name, case.constants.channels[name], inside[:, c]) for c, name in enumerate(case.modalities)]
    return {
        "box": {name: measure(voxels, each.slope, each.intercept) for name, each, voxels in channels},
        "mask": {name: measure(voxels[mask], each.slope, each.intercept) for name, each, voxels in channels},
    }
