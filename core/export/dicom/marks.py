"""What every DICOM export says of itself: identifiers that follow from its content, whose it is, and what made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.export.dicom.series import DicomSeries, derived_uid
from core.export.provenance import PROGRAM, RESEARCH_ONLY
from core.export.segmented_case import NotExportableError, SegmentedCase

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

LONG_STRING = 64  # characters of VR LO
SHORT_TEXT = 1024  # characters of VR ST
UTF8 = "ISO_IR 192"
UNDATED = "19000101"  # where a date must stand and the study says none; the hour of the export is nobody's business
MIDNIGHT = "000000"
MAX_BESIDE = 0.1  # voxels by which a slice of the series may lie beside the mask's
PROCESSING = ("109102", "DCM", "Processing Equipment")


def why_not_dicom(case: SegmentedCase) -> str:
    """Say why a case cannot be written as a DICOM object; empty where it can."""
    series = case.dicom
    if series is None:
        return (
            f"{case.case_id} was not read from DICOM, and a DICOM object has to refer to the series it was made from; "
            "no series is made up for it: segment the DICOM files themselves, or export NIfTI"
        )
    if not (
        series.study_uid and series.series_uid and series.sop_class_uid and all(each.uid for each in series.slices)
    ):
        return f"the series of {case.case_id} lacks identifiers, so nothing can refer to it; export NIfTI"
    edge = min(*series.spacing_mm, series.step_mm)
    if (beside := series.misses(case.grid)) > MAX_BESIDE * edge:
        found = "is of another size" if beside == float("inf") else f"lies up to {beside:.2f} mm beside its slices"
        return (
            f"the mask of {case.case_id} {found} than the series it would refer to; "
            "export NIfTI, or segment the series on its own grid"
        )
    return ""


def series_of(case: SegmentedCase) -> DicomSeries:
    """Return the series that a case's DICOM exports refer to.

    Raises:
        NotExportableError: there is none, or the mask does not lie on it.
    """
    if sentence := why_not_dicom(case):
        raise NotExportableError(sentence)
    assert case.dicom is not None, "why_not_dicom says so"
    return case.dicom


def uid_of(case: SegmentedCase, series: DicomSeries, what: str) -> str:
    """Return an identifier that the same content always gets, and no other content does.

    Args:
        case: what is written.
        series: what it refers to, and whose it is said to be.
        what: which object, or which part of one.
    """
    said = (what, case.case_id, *case.regions, case.provenance.canonical(), repr(series))
    return derived_uid(*said, case.bits.tobytes())


def identity(case: SegmentedCase, series: DicomSeries) -> dict[str, str]:
    """Return the attributes of patient and study: the case's pseudonym, or the patient where one was asked for."""
    said = {
        "PatientName": case.case_id[:LONG_STRING],
        "PatientID": case.case_id[:LONG_STRING],
        "PatientBirthDate": "",
        "PatientSex": "",
        "AccessionNumber": "",
        "StudyID": "",
        "ReferringPhysicianName": "",
        "StudyInstanceUID": series.study_uid,
        "StudyDate": series.study_date,
        "StudyTime": series.study_time,
    }
    if series.patient:
        said |= {"PatientName": "", "PatientID": ""} | dict(series.patient)
    return said


def versions(case: SegmentedCase) -> list[str]:
    """Return the program and the libraries with their versions, as SoftwareVersions holds them."""
    return [f"{name} {number}"[:LONG_STRING] for name, number in case.provenance.versions.items()]


def described(case: SegmentedCase) -> str:
    """Return what a description has room for: checkpoint, recipe and purpose."""
    found = case.provenance
    said = f"{RESEARCH_ONLY} Checkpoint {', '.join(found.checkpoint_ids)}; recipe {', '.join(found.recipes)}."
    return said[:SHORT_TEXT]


def mark(dataset: Dataset, case: SegmentedCase, series: DicomSeries) -> None:
    """Write identity, equipment and time into an object: the study's time, never the clock's."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    dataset.SpecificCharacterSet = UTF8
    for keyword, value in identity(case, series).items():
        setattr(dataset, keyword, value)
    dataset.Manufacturer = PROGRAM
    dataset.ManufacturerModelName = case.provenance.title[:LONG_STRING]
    dataset.DeviceSerialNumber = case.provenance.checkpoint_ids[0]
    dataset.SoftwareVersions = versions(case)
    on = f" on {case.on}" if case.on else ""
    dataset.SeriesDescription = f"{PROGRAM} segmentation{on}. {RESEARCH_ONLY}"[:LONG_STRING]
    for keyword in ("InstanceCreationDate", "InstanceCreationTime"):
        if keyword in dataset:
            delattr(dataset, keyword)
    made_by = Dataset()
    value, scheme, meaning = PROCESSING
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = value, scheme, meaning
    made_by.PurposeOfReferenceCodeSequence = Sequence([purpose])
    made_by.Manufacturer, made_by.ManufacturerModelName = PROGRAM, case.provenance.title[:LONG_STRING]
    made_by.SoftwareVersions = versions(case)
    made_by.ContributionDescription = described(case)
    dataset.ContributingEquipmentSequence = Sequence([made_by])
