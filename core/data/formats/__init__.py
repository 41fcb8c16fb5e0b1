"""File formats, one file each. `FORMATS` is what is plugged in."""

from __future__ import annotations

from pathlib import Path

from core.data.formats.coco import COCO
from core.data.formats.dicom import DICOM
from core.data.formats.dicom_seg import DICOM_SEG
from core.data.formats.nifti import NIFTI
from core.data.formats.npy import NPY
from core.data.formats.nrrd import NRRD
from core.data.formats.picture import PICTURE
from core.data.formats.rtstruct import RTSTRUCT
from core.data.formats.spec import FormatSpec

__all__ = ["FORMATS", "FormatSpec", "format_of"]

FORMATS: dict[str, FormatSpec] = {
    NIFTI.name: NIFTI,
    DICOM.name: DICOM,
    NRRD.name: NRRD,
    NPY.name: NPY,
    PICTURE.name: PICTURE,
    COCO.name: COCO,
    DICOM_SEG.name: DICOM_SEG,
    RTSTRUCT.name: RTSTRUCT,
}


def format_of(path: Path) -> str:
    """Return the name of the format that a file's name says, `nifti` where it says none: its reader then explains."""
    name = path.name.lower()
    return next((spec.name for spec in FORMATS.values() if name.endswith(spec.suffixes)), "nifti")
