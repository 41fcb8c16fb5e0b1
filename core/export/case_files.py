"""Write one segmented case in several formats at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.export.report import why_no_pdf
from core.export.segmented_case import NotExportableError, SegmentedCase, SegmentedRegion
from core.export.spec import ExportSpec

PDF = ".pdf"
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class _File:
    spec: ExportSpec
    of: SegmentedCase | SegmentedRegion
    name: str


def write_case(case: SegmentedCase, specs: Sequence[ExportSpec], out: Path) -> list[Path]:
    """Write `<case_id>_<what><suffix>` for each format into a folder; `<case_id>_<what>_on_<series><suffix>` on one.

    Formats of which a file holds one region write a file for each that is not empty. Whether all formats can be
    written is asked first, so that a refusal leaves nothing behind. A PDF is left out where this machine cannot print
    one (`why_no_pdf` says why): the HTML beside it is whole.

    Args:
        case: what to write.
        specs: in which formats.
        out: the folder; made if need be.

    Returns:
        The files, in the order of the formats.

    Raises:
        NotExportableError: with what the case lacks, format by format.
        NotWrittenError: the disk is full, or the folder cannot be written; what was whole before stays.
    """
    files = [file for spec in specs for file in _files(spec, case)]
    refused = dict.fromkeys(why for file in files if (why := file.spec.why_not(file.of)))
    if refused:
        raise NotExportableError("; ".join(refused))
    written = []
    for file in files:
        if not (file.name.endswith(PDF) and why_no_pdf()):
            file.spec.write(out / file.name, file.of)
            written.append(out / file.name)
    return written


def _files(spec: ExportSpec, case: SegmentedCase) -> list[_File]:
    on = f"_on_{case.on}" if case.on else ""
    if SegmentedCase in spec.of:
        return [_File(spec, case, f"{case.case_id}_{spec.called}{on}{suffix}") for suffix in spec.suffixes]
    if SegmentedRegion not in spec.of:
        raise NotExportableError(f"{spec.name} is not a format of a segmented case")
    regions = [SegmentedRegion(case, name) for name in case.regions]
    # a case without voxel sizes is refused whether a region is empty or not
    there = [region for region in regions if not region.is_empty or case.geometry is None]
    return [
        _File(spec, region, f"{case.case_id}_{UNSAFE.sub('-', region.region)}{on}{suffix}")
        for region in there
        for suffix in spec.suffixes
    ]
