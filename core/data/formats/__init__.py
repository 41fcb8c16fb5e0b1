"""File formats, one file each. `FORMATS` is what is plugged in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.data.formats.nifti import NiftiImage, read_nifti


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """One file format: how its files are named and read."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    read: Callable[[Path], NiftiImage]


FORMATS: dict[str, FormatSpec] = {
    "nifti": FormatSpec("nifti", "NIfTI-1 and NIfTI-2, one 3-D volume per file", (".nii", ".nii.gz"), read_nifti),
}
