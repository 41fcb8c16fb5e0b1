"""Which series a DICOM segmentation was drawn on, and whose series that is."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from core.atomic import read_json
from core.data.formats.dicom.header import Header, looks_like_dicom, read_header
from core.data.formats.dicom.objects import SEGMENTATIONS
from core.data.formats.gzip_bounded import DamagedFileError
from core.workspace import Cohort, CohortCase, Workspace

SERIES = "SeriesInstanceUID"


def segmented_series(path: Path) -> tuple[str, ...] | None:
    """Return the series that a DICOM segmentation refers to, or None where the file is no segmentation."""
    header = _header(path)
    if header is None or header.elements.text("SOPClassUID") not in SEGMENTATIONS:
        return None
    items = header.elements.items("ReferencedSeriesSequence")
    return tuple(uid for item in items if (uid := item.text(SERIES)))


class SeriesOfCases:
    """The DICOM series of a cohort's cases, looked up when the first segmentation asks."""

    def __init__(self, workspace: Workspace, cohort: Cohort) -> None:
        self._workspace = workspace
        self._cohort = cohort

    def case_of(self, path: Path) -> str | None:
        """Return the case on whose series a segmentation was drawn; None where it is nobody's, or several cases'."""
        cases = {case_id for uid in segmented_series(path) or () for case_id in self._owners.get(uid, ())}
        return cases.pop() if len(cases) == 1 else None

    @cached_property
    def _owners(self) -> dict[str, set[str]]:
        owners: dict[str, set[str]] = {}
        for case_id, entry in self._cohort.cases.items():
            for uid in self._series(case_id, entry):
                owners.setdefault(uid, set()).add(case_id)
        return owners

    def _series(self, case_id: str, entry: CohortCase) -> set[str]:
        private = self._workspace.private_file(self._cohort.name, case_id)
        if private.exists():
            return {uid for uids in read_json(private).values() for uid in uids.get(SERIES, ())}
        headers = (_header(source.file) for source in entry.case.sources.values() if source.format == "dicom")
        return {header.elements.text(SERIES) for header in headers if header} - {""}


def _header(path: Path) -> Header | None:
    try:
        return read_header(path) if looks_like_dicom(path) else None
    except (DamagedFileError, OSError):
        return None
