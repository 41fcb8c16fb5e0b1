"""DICOM images: single-frame series and enhanced multi-frame files, with the compressions that hospitals use."""

from __future__ import annotations

from core.data.formats.dicom.reader import read_dicom
from core.data.formats.spec import FormatSpec, channel_as_mask

__all__ = ["DICOM"]

DICOM = FormatSpec(
    name="dicom",
    title="DICOM series and enhanced multi-frame images",
    suffixes=(".dcm", ".dcm.gz", ".dicom", ".ima"),
    read=read_dicom,
    read_mask=channel_as_mask(read_dicom),
)
