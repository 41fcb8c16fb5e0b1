"""Masks as DICOM objects that refer to the series they were made from."""

from __future__ import annotations

from core.export.dicom.series import DicomSeries, series_of_files, series_of_uids, with_patient

__all__ = ["DicomSeries", "series_of_files", "series_of_uids", "with_patient"]
