"""Keep a case's voxels in the workspace: as NIfTI on the grid they had, or as npy where they have none."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.atomic import new_folder, replacing
from core.case import Case, Source
from core.data.formats.nifti_write import LABEL_INTENT, write_nifti
from core.data.image import StoredImage
from core.data.load import LoadedCase
from core.volume import Array, Grid

HARMONISED_PICTURE = "before-and-after.png"
# NIfTI has no other types that a reader here takes
NIFTI_TYPES = frozenset(["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])


def keep_case(folder: Path, loaded: LoadedCase, picture: bytes | None = None) -> Case:
    """Write a case's images and reference mask below `folder`, and return the case with those as its sources.

    Args:
        folder: replaced as a whole; the files in it are named by sequence, never as the source's were.
        picture: PNG of what harmonising did, kept beside them.
        loaded: what was read; stored numbers, slopes and grids are kept as they are.
    """
    with new_folder(folder) as new:
        sources = {
            name: _keep(new, name, image, loaded.case.sources[name].channel)
            for name, image in loaded.files.images.items()
        }
        reference = _keep(new, "seg", loaded.files.mask, 0, labels=True) if loaded.files.mask else None
        if picture:
            (new / HARMONISED_PICTURE).write_bytes(picture)
    moved = {name: _below(folder, source) for name, source in sources.items()}
    return replace(loaded.case, sources=moved, reference=reference and _below(folder, reference))


def write_private(path: Path, uids: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
    """Write the identifiers of a DICOM source where this machine's user alone can read them (0600)."""
    with replacing(path) as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(json.dumps({name: dict(values) for name, values in uids.items()}).encode())


def _keep(folder: Path, name: str, image: StoredImage, channel: int, labels: bool = False) -> Source:
    stored = image.stored[channel]
    if labels:
        values = np.rint(image.values(channel))
        stored = values.astype(np.uint8 if values.min() >= 0 and values.max() <= 255 else np.int32)
        slope, intercept = 1.0, 0.0
    else:
        slope, intercept = image.slope[channel], image.intercept[channel]
    return _write(folder, name, stored, image.grid, slope, intercept, LABEL_INTENT if labels else 0)


def _write(folder: Path, name: str, stored: Array, grid: Grid, slope: float, intercept: float, intent: int) -> Source:
    if grid.affine is None:
        path = folder / f"{name}.npy"
        values = stored if (slope, intercept) == (1.0, 0.0) else stored * np.float32(slope) + np.float32(intercept)
        np.save(path, np.ascontiguousarray(values.transpose(2, 1, 0)[..., np.newaxis]))  # (slice, row, column, 1)
        return Source((path,), "npy")
    path = folder / f"{name}.nii.gz"
    if stored.dtype.str[1:] not in NIFTI_TYPES:
        stored = stored.astype(np.float32 if stored.dtype.kind == "f" else np.uint8)
    write_nifti(path, stored, grid, slope, intercept, intent)
    return Source((path,), "nifti")


def _below(folder: Path, source: Source) -> Source:
    return replace(source, files=tuple(folder / file.name for file in source.files))
