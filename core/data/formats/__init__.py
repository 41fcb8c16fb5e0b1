"""File formats, one file each. `FORMATS` is what is plugged in."""

from __future__ import annotations

from pathlib import Path

from core.data.formats.nifti import NIFTI
from core.data.formats.picture import PICTURE
from core.data.formats.spec import FormatSpec

__all__ = ["FORMATS", "FormatSpec", "format_of"]

FORMATS: dict[str, FormatSpec] = {
    NIFTI.name: NIFTI,
    PICTURE.name: PICTURE,
}


def format_of(path: Path) -> str:
    """Return the name of the format that a file's name says, `nifti` where it says none: its reader then explains."""
    name = path.name.lower()
    return next((spec.name for spec in FORMATS.values() if name.endswith(spec.suffixes)), "nifti")
