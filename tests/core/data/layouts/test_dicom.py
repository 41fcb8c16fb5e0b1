"""A disc of DICOM studies becomes numbered cases, and no name or identifier comes through."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import generate_uid

from core.case import Case
from core.data.layouts.dicom import read_dicom_folder
from core.data.layouts.spec import Layout
from core.data.refusal import Finding
from tests.core.data.formats.dicom.series_files import numbers, save, set_all, write_series

T1 = {"SeriesDescription": "AX T1 SE", "EchoTime": 11, "RepetitionTime": 500, "ScanningSequence": "SE"}
FLAIR = {"SeriesDescription": "AX FLAIR", "EchoTime": 120, "RepetitionTime": 9000, "InversionTime": 2500}
T2 = {"SeriesDescription": "AX T2 TSE", "EchoTime": 100, "RepetitionTime": 5000, "ScanningSequence": "SE"}


def write_study(folder: Path, patient: str, day: str, *series: dict[str, Any], slices: int = 4) -> str:
    """Write one series of each description; return the study's identifier."""
    study = generate_uid()
    for number, said in enumerate(series):
        change = set_all(PatientName=patient, PatientID=patient, StudyDate=day, StudyInstanceUID=study, **said)
        write_series(folder / f"{patient}{day}{number}", numbers((slices, 5, 6)), change=change)
    return study


def read(root: Path) -> Layout:
    layout = read_dicom_folder(root)
    assert layout is not None
    return layout


def only(root: Path) -> tuple[Case, tuple[Finding, ...]]:
    layout = read(root)
    (case,) = layout.cases
    return case, layout.findings


def test_a_folder_without_dicom_is_not_of_this_kind(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    np.save(tmp_path / "a.npy", np.zeros(4))
    assert read_dicom_folder(tmp_path) is None


def test_studies_become_cases_of_numbered_patients(tmp_path: Path) -> None:
    write_study(tmp_path, "A", "20200301", T1, FLAIR, T2)
    write_study(tmp_path, "A", "20200101", T1)
    write_study(tmp_path, "B", "20210101", FLAIR)
    layout = read(tmp_path)
    assert [case.case_id for case in layout.cases] == ["case-001", "case-002", "case-003"]
    of_a, of_b = ({case.patient_id for case in layout.cases if len(case.sources) in n} for n in ((3,), (1,)))
    assert of_a < of_b == {"patient-001", "patient-002"}
    assert all(case.group_id == case.patient_id for case in layout.cases)
    assert {case.group_kind for case in layout.cases} == {"patient"}
    assert layout.private_names
    assert layout.why == "20 DICOM files of 2 patient(s) and 3 study or studies, by what their headers say"


def test_a_patients_visits_are_in_order_and_told_apart_by_days(tmp_path: Path) -> None:
    write_study(tmp_path, "A", "20200301", FLAIR)
    write_study(tmp_path, "A", "20200101", T2)
    layout = read(tmp_path)
    assert [list(case.sources) for case in layout.cases] == [["t2w"], ["t2f"]]
    (finding,) = [finding for finding in layout.findings if finding.code == "later_visit"]
    assert (finding.case, finding.found) == (
        "case-002",
        "a visit 60 days after the patient's first",
    )  # 31 + 29, a leap year


def test_series_are_taken_for_modalities(tmp_path: Path) -> None:
    write_study(tmp_path, "A", "20200101", {**T1, "SeriesDescription": "AX T1 SE GD", "ContrastBolusAgent": "x"}, FLAIR)
    case, findings = only(tmp_path)
    assert list(case.sources) == ["t1c", "t2f"]
    assert {source.format for source in case.sources.values()} == {"dicom"}
    assert all(len(source.files) == 4 for source in case.sources.values())
    assert findings == ()


def test_ct_is_ct_and_what_says_nothing_gets_a_number(tmp_path: Path) -> None:
    write_study(tmp_path, "A", "20200101", {"Modality": "CT"}, {}, {})
    case, findings = only(tmp_path)
    assert sorted(case.sources) == ["ct", "mr1", "mr2"]
    assert [finding.code for finding in findings] == ["modality_unsure"] * 2


def test_of_several_series_the_one_with_most_slices_is_taken(tmp_path: Path) -> None:
    study = write_study(tmp_path, "A", "20200101", T2)
    change = set_all(PatientID="A", PatientName="A", StudyDate="20200101", StudyInstanceUID=study, **T2)
    write_series(tmp_path / "more", numbers((9, 5, 6)), change=change)
    case, findings = only(tmp_path)
    assert len(case.sources["t2w"].files) == 9
    (finding,) = findings
    assert (finding.code, finding.case) == ("several_series", "case-001")
    assert "9 slices" in finding.found
    assert "4 slices" in finding.found


def test_a_series_that_makes_no_volume_is_left_out_and_named_by_number(tmp_path: Path) -> None:
    study = write_study(tmp_path, "A", "20200101", T2)
    change = set_all(PatientID="A", PatientName="A", StudyInstanceUID=study)
    write_series(tmp_path / "scout", numbers((2, 5, 6)), change=change)
    case, findings = only(tmp_path)
    assert list(case.sources) == ["t2w"]
    (finding,) = findings
    assert (finding.severity, finding.code) == ("note", "too_few_slices")
    assert finding.found.endswith("2 slices")


def test_a_study_without_a_volume_is_an_error(tmp_path: Path) -> None:
    write_series(tmp_path / "scout", numbers((2, 5, 6)))
    layout = read(tmp_path)
    assert layout.cases == ()
    assert [(finding.severity, finding.code) for finding in layout.findings] == [
        ("note", "too_few_slices"),
        ("error", "no_volume"),
    ]


def drawn(kind: str, study: str, series: str) -> Dataset:
    """A segmentation or contours that say only which series they were drawn on."""
    data, on = Dataset(), Dataset()
    data.SOPInstanceUID, data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), study, generate_uid()
    data.PatientName = data.PatientID = "A"
    on.SeriesInstanceUID = series
    if kind == "dicom-seg":
        data.SOPClassUID, data.Modality = "1.2.840.10008.5.1.4.1.1.66.4", "SEG"
        data.ReferencedSeriesSequence = Items([on])
        return data
    data.SOPClassUID, data.Modality = "1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT"
    frame, of_study = Dataset(), Dataset()
    of_study.RTReferencedSeriesSequence = Items([on])
    frame.RTReferencedStudySequence = Items([of_study])
    data.ReferencedFrameOfReferenceSequence = Items([frame])
    return data


@pytest.mark.parametrize("kind", ["dicom-seg", "rtstruct"])
def test_what_was_drawn_on_a_series_is_its_reference(tmp_path: Path, kind: str) -> None:
    study = write_study(tmp_path, "A", "20200101", {**T2, "SeriesInstanceUID": "1.2.3"})
    file = save(drawn(kind, study, "1.2.3"), tmp_path / "drawn.dcm")
    save(drawn(kind, study, "9.9.9"), tmp_path / "stray.dcm")
    case, findings = only(tmp_path)
    assert case.reference is not None
    assert (case.reference.files, case.reference.format) == ((file,), kind)
    assert [finding.code for finding in findings] == ["stray_reference"]


def test_of_two_references_the_choice_is_said(tmp_path: Path) -> None:
    study = write_study(tmp_path, "A", "20200101", {**T2, "SeriesInstanceUID": "1.2.3"})
    save(drawn("rtstruct", study, "1.2.3"), tmp_path / "a.dcm")
    seg = save(drawn("dicom-seg", study, "1.2.3"), tmp_path / "b.dcm")
    case, findings = only(tmp_path)
    assert case.reference is not None
    assert case.reference.file == seg
    assert [finding.code for finding in findings] == ["several_references"]


def test_other_and_damaged_files_are_counted(tmp_path: Path) -> None:
    write_study(tmp_path, "A", "20200101", T2)
    (tmp_path / "readme.txt").write_text("nothing")
    file = next(tmp_path.rglob("*.dcm"))
    (tmp_path / "cut.dcm").write_bytes(file.read_bytes()[:400])
    _, findings = only(tmp_path)
    assert [finding.code for finding in findings] == ["damaged_file", "other_files"]


def test_numbers_do_not_follow_names(tmp_path: Path) -> None:
    """The same studies under other names and in other folders get the same numbers."""
    orders = []
    for names in (("ADAMS", "BAKER", "CLARK"), ("ZIMMER", "YOUNG", "ADAMS")):
        root = tmp_path / names[0]
        for number, name in enumerate(names):
            said = {**T2, "StudyInstanceUID": f"1.2.{number}", "SeriesInstanceUID": f"1.2.{number}.1"}
            change = set_all(PatientName=name, PatientID=name, **said)
            write_series(root / name, numbers((4 + number, 5, 6)), change=change)
        orders.append([len(case.sources["t2w"].files) for case in read(root).cases])
    assert orders[0] == orders[1]


def test_no_canary_comes_through(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "CANARYVOGEL"
    named = dict.fromkeys(("SeriesDescription", "StudyDescription", "InstitutionName", "ProtocolName"), canary)
    study = write_study(tmp_path / canary, canary, "19700402", {**named, "SeriesInstanceUID": "7.7.7"}, {**named})
    write_study(tmp_path / canary, canary, "19710402", named, slices=2)
    save(drawn("rtstruct", study, "7.7.7"), tmp_path / canary / f"{canary}.dcm")
    layout = read(tmp_path)
    shown = [
        (c.case_id, c.patient_id, c.group_id, list(c.sources), c.reference and c.reference.format) for c in layout.cases
    ]
    said = repr((shown, layout.findings, layout.why, layout.scheme)) + caplog.text
    assert layout.cases
    assert layout.findings
    for secret in (canary.lower(), "7.7.7", study, "19700402", "1970"):
        assert secret not in said.lower()


def test_the_shared_disc_is_listed(real_data: Path) -> None:
    layout = read(real_data / "dicom" / "pydicom_suite" / "test_files" / "dicomdirtests")
    assert layout.why.startswith("81 DICOM files of 3 patient(s) and 7 study")
    assert {modality for case in layout.cases for modality in case.sources} >= {"ct", "mr1"}


def test_the_shared_segmentations_find_their_studies(real_data: Path) -> None:
    layout = read(real_data / "dicom" / "seg_dcmqi" / "data")
    assert [case.reference and case.reference.format for case in layout.cases].count("dicom-seg") == 3
