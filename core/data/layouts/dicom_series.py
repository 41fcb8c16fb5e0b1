"""A study's series: which make a volume, what they are taken for, and which is chosen among several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.formats.dicom.frames import frames_of
from core.data.formats.dicom.header import Header
from core.data.formats.dicom.reader import series_context
from core.data.formats.dicom.series import arrange
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.refusal import Finding, InputRefusedError


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A series that makes a volume.

    Attributes:
        number: its place among the study's series, by which sentences call it.
        files: its files, by name.
        slices: slices of one of its images.
        modality: what it is taken for, or "" where nothing says it.
        sure: whether that needs no question.
        why: what it was judged by.
    """

    number: int
    files: tuple[Path, ...]
    slices: int
    modality: str
    sure: bool
    why: str


def scan_of(headers: Sequence[Header], number: int) -> Scan | tuple[Finding, ...]:
    """Return one series as a volume, or say in notes why it is left out."""
    from core.data.modality import from_dicom

    try:
        ordered = arrange([frame for header in headers for frame in frames_of(header)])
    except (DamagedFileError, InputRefusedError) as error:
        return _left_out(error, number)
    guess = from_dicom(series_context(ordered.channels[0][0].header))
    return Scan(
        number=number,
        files=tuple(sorted(header.path for header in headers)),
        slices=len(ordered.channels[0]),
        modality=guess.modality if guess else "",
        sure=guess is not None and not guess.asks,
        why=guess.why if guess else "nothing in it says what it is",
    )


def best_of_each(scans: Sequence[Scan]) -> tuple[dict[str, Scan], list[Finding]]:
    """Return one series for each modality, the one of most slices, and what is to be said of the choice."""
    findings: list[Finding] = []
    candidates: dict[str, list[Scan]] = defaultdict(list)
    unnamed = 0
    for scan in scans:
        if not scan.modality:
            unnamed += 1
        candidates[scan.modality or f"mr{unnamed}"].append(scan)
    chosen = {}
    for modality, rivals in candidates.items():
        best = max(rivals, key=lambda scan: (scan.slices, -scan.number))
        chosen[modality] = best
        if len(rivals) > 1:
            counts = ", ".join(f"series {scan.number} of {scan.slices} slices" for scan in rivals)
            fix = f"series {best.number}, of most slices, is taken; leave it out of the folder to take another"
            found = f"{len(rivals)} series for {modality} ({counts})"
            findings.append(Finding("warning", "several_series", "", "", found, "one", fix))
        if not best.sure:
            found = f"series {best.number} taken for {modality}: {best.why}"
            fix = "say what it is if it is something else"
            findings.append(Finding("warning", "modality_unsure", "", "", found, "a series that says what it is", fix))
    return chosen, findings


def _left_out(error: DamagedFileError | InputRefusedError, number: int) -> tuple[Finding, ...]:
    if isinstance(error, InputRefusedError):
        problems = [(finding.code, finding.found, finding.expected) for finding in error.findings]
    else:
        problems = [("damaged_file", str(error), "a whole image")]
    fix = "the series is left out"
    return tuple(
        Finding("note", code, "", "", f"series {number}: {found}", expected, fix) for code, found, expected in problems
    )
