"""A folder or disc of DICOM files: one case for each study, whatever its files and folders are called.

Only headers are read. Patients and cases are numbered: names, identifiers and dates are used to group and to order,
and then dropped.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from core.case import Case, Source
from core.data import limits
from core.data.formats.dicom.header import Header, looks_like_dicom, read_header
from core.data.formats.dicom.objects import SEGMENTATIONS, STRUCTURES
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.layouts.dicom_series import Scan, best_of_each, scan_of
from core.data.layouts.spec import Layout
from core.data.refusal import Finding

NAME = "dicom"
DIGITS = 3  # of case-001

_Study = list[Header]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What is below a folder: headers, and how many files could not be used."""

    headers: list[Header]
    damaged: int
    others: int


def read_dicom_folder(root: Path) -> Layout | None:
    """List one case for each study below `root`, or return None when no DICOM file is there."""
    found = _headers(root)
    if not found.headers:
        return None
    patients = _in_order(found.headers)
    findings = _about_files(found)
    cases: list[Case] = []
    numbers = itertools.count(1)
    for number, studies in enumerate(patients, 1):
        patient = f"patient-{number:0{DIGITS}d}"
        visits = [(f"case-{next(numbers):0{DIGITS}d}", study) for study in studies]
        for case_id, study in visits:
            case, problems = _case(case_id, patient, study)
            findings += problems
            cases += [case] if case else []
        accepted = {case.case_id for case in cases}
        findings += (finding for finding in _intervals(visits) if finding.case in accepted)
    why = (
        f"{len(found.headers):,} DICOM files of {len(patients)} patient(s) and "
        f"{sum(map(len, patients))} study or studies, by what their headers say"
    )
    return Layout(NAME, tuple(cases), tuple(findings), scheme=None, why=why, private_names=True)


def _headers(root: Path) -> _Found:
    headers, damaged, others = [], 0, 0
    for path in sorted(itertools.islice(root.rglob("*"), limits.MAX_FOLDER_FILES)):
        if path.name.startswith(".") or path.is_symlink() or not path.is_file():
            continue
        try:
            if not looks_like_dicom(path):
                others += 1
                continue
            header = read_header(path)
        except (DamagedFileError, OSError):
            damaged += 1
            continue
        if header.elements.text("SOPClassUID") or header.pixels:  # without: the directory of a disc
            # the content of an inflated file is read again when it is its turn
            headers.append(replace(header, content=None))
    return _Found(headers, damaged, others)


def _about_files(found: _Found) -> list[Finding]:
    findings = []
    if found.damaged:
        said = f"{found.damaged} of {found.damaged + len(found.headers)} DICOM file(s) damaged"
        fix = "they are left out; copy or export them again"
        findings.append(Finding("warning", "damaged_file", "", "", said, "whole files", fix))
    if found.others:
        said, fix = f"{found.others} file(s) that are no DICOM", "they are left out"
        findings.append(Finding("note", "other_files", "", "", said, "DICOM files", fix))
    return findings


def _in_order(headers: Sequence[Header]) -> list[list[_Study]]:
    """Return each patient's studies by date; the patients in an order that no name has a part in."""
    patients: dict[str, dict[str, _Study]] = defaultdict(lambda: defaultdict(list))
    for header in headers:
        study = header.elements.text("StudyInstanceUID")
        patients[_patient(header) or study][study].append(header)
    studies = [
        sorted(patient.items(), key=lambda item: (_day(item[1]), _mixed(item[0]))) for patient in patients.values()
    ]
    studies.sort(key=lambda patient: min(_mixed(uid) for uid, _ in patient))
    return [[study for _, study in patient] for patient in studies]


def _patient(header: Header) -> str:
    return header.elements.text("PatientID") or header.elements.text("PatientName")


def _mixed(uid: str) -> str:
    """Return a number of an identifier that says nothing of it: those of one hospital run with time."""
    return sha256(uid.encode()).hexdigest()


def _day(study: _Study) -> date:
    for header in study:
        try:
            return datetime.strptime(header.elements.text("StudyDate"), "%Y%m%d").date()  # noqa: DTZ007
        except ValueError:
            continue
    return date.min


def _intervals(visits: list[tuple[str, _Study]]) -> Iterator[Finding]:
    """Say how many days lie between a patient's visits: the dates themselves are not told."""
    (_, earliest), *later = visits
    for case_id, study in later:
        if date.min not in (_day(study), _day(earliest)):
            days = (_day(study) - _day(earliest)).days
            said, fix = f"a visit {days} days after the patient's first", "they are kept in one group of a split"
            yield Finding("note", "later_visit", case_id, "", said, "one visit of each patient", fix)


def _case(case_id: str, patient: str, study: _Study) -> tuple[Case | None, list[Finding]]:
    """Return a study's case, None where no series of it can be used, and what is to be said of it."""
    series: dict[str, list[Header]] = defaultdict(list)
    objects: list[Header] = []
    for header in study:
        if header.elements.text("SOPClassUID") in (*SEGMENTATIONS, STRUCTURES):
            objects.append(header)
        else:
            series[header.elements.text("SeriesInstanceUID")].append(header)
    scans: list[Scan] = []
    findings: list[Finding] = []
    for number, (_, headers) in enumerate(sorted(series.items(), key=lambda item: _mixed(item[0])), 1):
        scan = scan_of(headers, number)
        if isinstance(scan, Scan):
            scans.append(scan)
        else:
            findings += (problem.about(case_id, "") for problem in scan)
    chosen, said = best_of_each(scans)
    findings += (finding.about(case_id, "") for finding in said)
    if not chosen:
        fix = "check that the study was copied whole"
        said_none = f"{len(series)} series, none of which makes a volume"
        findings.append(Finding("error", "no_volume", case_id, "", said_none, "a series of slices", fix))
        return None, findings
    reference, problems = _reference(objects, set(series))
    findings += (problem.about(case_id, "") for problem in problems)
    sources = {modality: Source(scan.files, NAME) for modality, scan in sorted(chosen.items())}
    return Case(case_id, patient, patient, "patient", sources, reference), findings


def _reference(objects: list[Header], series: set[str]) -> tuple[Source | None, list[Finding]]:
    """Return the segmentation or the contours that were drawn on a series of this study."""
    drawn = [header for header in objects if _refers_to(header) & series]
    order = (*SEGMENTATIONS, STRUCTURES)
    drawn.sort(key=lambda h: (order.index(h.elements.text("SOPClassUID")), _mixed(h.elements.text("SOPInstanceUID"))))
    findings = []
    if stray := len(objects) - len(drawn):
        said = f"{stray} segmentation(s) or contours drawn on another study's images"
        fix = "they are left out; add the images they belong to"
        findings.append(Finding("note", "stray_reference", "", "", said, "references to this study", fix))
    if not drawn:
        return None, findings
    if len(drawn) > 1:
        said = f"{len(drawn)} segmentations or contours"
        fix = "the first is taken as the reference; name another as the mask where it is not the right one"
        findings.append(Finding("warning", "several_references", "", "", said, "one", fix))
    kind = "rtstruct" if drawn[0].elements.text("SOPClassUID") == STRUCTURES else "dicom-seg"
    return Source((drawn[0].path,), kind), findings


def _refers_to(header: Header) -> set[str]:
    """Return the series that a segmentation or contours say they were drawn on.

    Reference: DICOM PS3.3, C.12.4 (common instance reference) and C.8.8.5 (structure set).
    """
    items = [
        *header.elements.items("ReferencedSeriesSequence"),
        *(
            series
            for frame in header.elements.items("ReferencedFrameOfReferenceSequence")
            for study in frame.items("RTReferencedStudySequence")
            for series in study.items("RTReferencedSeriesSequence")
        ),
    ]
    return {uid for item in items if (uid := item.text("SeriesInstanceUID"))}
