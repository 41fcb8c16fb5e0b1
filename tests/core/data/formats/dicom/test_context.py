"""What a header says of the patient stays in it: only numbers and the words of a vocabulary come through."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from core.data.formats.dicom import DICOM
from core.data.formats.dicom.context import sequence_words
from core.data.modality import from_dicom
from core.data.refusal import InputRefusedError
from tests.core.data.formats.dicom.series_files import numbers, set_all, write_series

CANARY = "CANARYVOGEL"
NAMES_AND_IDS = (
    *("PatientName", "PatientID", "OtherPatientNames", "OtherPatientIDs", "PatientBirthName", "PatientMotherBirthName"),
    *("PatientAddress", "PatientComments", "AccessionNumber", "InstitutionName", "InstitutionAddress", "StationName"),
    *("ReferringPhysicianName", "PerformingPhysicianName", "OperatorsName", "StudyID", "StudyDescription"),
    *("SeriesDescription", "ProtocolName", "SequenceName", "RequestedProcedureDescription", "DeviceSerialNumber"),
    *("Manufacturer", "ManufacturerModelName", "ContrastBolusAgent", "ConvolutionKernel", "ImageComments", "Modality"),
    *("ScanningSequence", "SequenceVariant"),
)


def named(data: Dataset, index: int) -> None:
    """Plant the canary in every name and id, in a private element and in nested ones."""
    for keyword in NAMES_AND_IDS:
        setattr(data, keyword, CANARY)
    data.ImageType = ["ORIGINAL", "PRIMARY", CANARY]
    data.private_block(0x0011, CANARY, create=True).add_new(0x01, "LO", CANARY)
    nested = Dataset()
    nested.PatientName, nested.PatientID, nested.RequestedProcedureID = CANARY, CANARY, CANARY
    data.RequestAttributesSequence = Items([nested])
    data.PatientBirthDate, data.StudyDate = "19420531", "20190817"


def everything_said(caplog: pytest.LogCaptureFixture, *things: object) -> str:
    return repr(things) + caplog.text


def test_no_name_id_date_or_path_comes_through(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    image = DICOM.read(write_series(tmp_path / CANARY, change=named))
    said = everything_said(caplog, dict(image.context), image.findings, image.grid)
    assert CANARY.lower() not in said.lower()
    assert not {"19420531", "20190817", "1942", "2019"} & set(said.split())
    assert image.context == {"ContrastBolusAgent": "yes"}
    # the identifiers of the objects are kept apart, for exports to refer to
    assert set(image.uids) == {
        *("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"),
        *("SOPClassUID", "SOPInstanceUID", "FrameNumber"),
    }
    assert CANARY not in repr(image.uids)


def test_no_refusal_says_a_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def apart(data: Dataset, index: int) -> None:
        named(data, index)
        data.ImagePositionPatient = [0, 0, (0, 2, 4, 11)[index]]

    def repeated(data: Dataset, index: int) -> None:
        named(data, index)
        data.ImagePositionPatient = [0, 0, 2 * (index % 3)]
        data.ImageType = ["ORIGINAL", "PRIMARY", f"{CANARY}{index // 3}"]

    with pytest.raises(InputRefusedError) as error:
        DICOM.read(write_series(tmp_path / CANARY, change=apart))
    image = DICOM.read(write_series(tmp_path / f"{CANARY}2", numbers((6, 4, 4)), change=repeated))
    assert image.channels == 2
    assert CANARY.lower() not in everything_said(caplog, str(error.value), image.findings, image.context).lower()


def test_the_uids_name_each_slice_in_the_order_stored(tmp_path: Path) -> None:
    named_by_hand = [f"1.2.3.{index}" for index in range(4)]

    def numbered(data: Dataset, index: int) -> None:
        data.SOPInstanceUID = named_by_hand[index]
        data.ImagePositionPatient = [0, 0, -2 * index]

    image = DICOM.read(write_series(tmp_path, change=numbered))
    assert image.uids["SOPInstanceUID"] == tuple(reversed(named_by_hand))
    assert image.uids["FrameNumber"] == ("1",) * 4


def test_the_acquisition_is_kept_and_tells_the_modality(tmp_path: Path) -> None:
    change = set_all(
        Manufacturer="SIEMENS AG, Room 7, Dr. Vogel",
        ManufacturerModelName="Skyra VOGEL",
        MagneticFieldStrength=3,
        SeriesDescription="Vogel AX T1 SE +C 17.08.2019",
        ScanningSequence=["SE", "VOGEL"],
        SequenceName="*se2d1",
        EchoTime=11,
        RepetitionTime=600,
        FlipAngle=90,
        SliceThickness=5,
        ContrastBolusAgent="Gadovist 7 ml, Vogel",
    )
    context = DICOM.read(write_series(tmp_path, change=change)).context
    assert context == {
        "Modality": "MR",
        "Manufacturer": "Siemens",
        "ManufacturerModelName": "Skyra",
        "MagneticFieldStrength": 3.0,
        "SeriesDescription": "ax t1 se +c",
        "ScanningSequence": "SE",
        "SequenceName": "se2d1",
        "EchoTime": 11.0,
        "RepetitionTime": 600.0,
        "FlipAngle": 90.0,
        "SliceThickness": 5.0,
        "ContrastBolusAgent": "yes",
    }
    guess = from_dicom(context)
    assert guess is not None
    assert guess.modality == "t1c"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AX T2 FLAIR", "ax t2 flair"),
        ("AXT2FLAIR", "axt2flair"),
        ("t2_tirm_tra_dark-fluid", "t2 tirm tra dark fluid"),
        ("T1 w/o contrast Mueller^Hans 1942", "t1 w/o contrast"),
        ("MPRAGE iso post GD 4711", "mprage iso post gd"),
        ("T2* gre", "t2* gre"),
        ("*tfl3d1_ns", "tfl3d1 ns"),
        ("Schmidt 20190817 room 12", ""),
        ("W F C", ""),
    ],
)
def test_only_words_of_sequences_pass(text: str, words: str) -> None:
    assert sequence_words(text) == words


def test_gauss_are_tesla(tmp_path: Path) -> None:
    image = DICOM.read(write_series(tmp_path, change=set_all(MagneticFieldStrength=15000)))
    assert image.context["MagneticFieldStrength"] == 1.5
