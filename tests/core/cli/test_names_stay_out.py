"""A patient's name in headers, file names or folder names is nowhere after import, segment and export."""

from __future__ import annotations

import gzip
import logging
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from core.workspace import Workspace
from tests import narrow
from tests.cases import SHAPE, channels, tumour_labels, write_nifti
from tests.core.cli.conftest import Answer, Ask
from tests.core.data.formats.dicom.series_files import Change, write_series

CANARY = "Zilpzalp"  # a bird, in no vocabulary of sequences
# fmt: off
IDENTIFYING = (
    "PatientName", "PatientID", "OtherPatientNames", "OtherPatientIDs", "PatientAddress",
    "PatientMotherBirthName", "PatientBirthName", "PatientComments", "PatientTelephoneNumbers",
    "MedicalRecordLocator", "AccessionNumber", "StudyID", "StudyDescription", "SeriesDescription",
    "ProtocolName", "ReferringPhysicianName", "PerformingPhysicianName", "OperatorsName", "InstitutionName",
    "StationName", "RequestingPhysician", "AdditionalPatientHistory", "ImageComments", "DeviceSerialNumber",
)
# fmt: on
SEQUENCES = {"t1n": "t1 mprage", "t1c": "t1 post gd", "t2w": "t2 tse", "t2f": "flair"}


def identify(name: str) -> Change:
    """Put the canary into every identifying attribute, a nested one and a private one."""

    def change(data: Dataset, index: int) -> None:
        for keyword in IDENTIFYING:
            setattr(data, keyword, CANARY[:16])
        data.StudyInstanceUID = "1.2.826.0.1.3680043.8.498.1"
        data.SeriesDescription = f"{SEQUENCES[name]} {CANARY}"
        data.SequenceName, data.ScanOptions = CANARY, CANARY.upper()
        data.StudyDate, data.PatientBirthDate = "20210704", "19440704"
        nested = Dataset()
        nested.PatientID, nested.RequestedProcedureDescription = CANARY, CANARY
        data.RequestAttributesSequence = Items([nested])
        data.private_block(0x0011, CANARY, create=True).add_new(0x01, "LO", CANARY)

    return change


def write_study(folder: Path) -> Path:
    """Four DICOM series of one patient on one grid, below folders that carry the name."""
    voxels = channels(1, tumour_labels(1))
    for number, name in enumerate(SEQUENCES):
        pixels = np.ascontiguousarray(voxels[name].transpose(2, 1, 0))
        write_series(folder / CANARY / f"{number} {CANARY}", pixels, change=identify(name))
    return folder


def write_named_files(folder: Path) -> Path:
    """The same patient as NIfTI files that are called by the name."""
    labels = tumour_labels(1)
    for name, voxels in {**channels(1, labels), "seg": labels}.items():
        write_nifti(folder / CANARY / f"{CANARY}_Jane-{name}.nii.gz", voxels)
    return folder


@pytest.fixture(params=[write_study, write_named_files], ids=["DICOM", "NIfTI"])
def journey(
    request: pytest.FixtureRequest,
    ask: Ask,
    workspace: Workspace,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> tuple[list[Answer], str]:
    """Check, import, segment from files and list, and what was logged on the way."""
    source = request.param(tmp_path / "in" / CANARY)
    caplog.clear()  # writing such files may log what is in them
    caplog.set_level(logging.DEBUG)
    reference = narrow.checkpoint(tmp_path / "checkpoint").folder
    options = () if request.param is write_study else ("--scheme", "brats-2023")
    answers = [ask("check", source, *options), ask("import", source, *options, "--json")]
    answers.append(ask("import", source, *options, "--cohort", "again"))
    answers.append(ask("segment", source, "--checkpoint", reference, "--out", workspace.root / "masks"))
    answers.append(ask("segment", source, "--checkpoint", reference, "--out", workspace.root / "masks", "--json"))
    return answers, caplog.text


def test_a_name_is_nowhere_afterwards(journey: tuple[list[Answer], str], workspace: Workspace) -> None:
    answers, logged = journey
    assert [answer.code for answer in answers] == [0] * len(answers), [answer.err for answer in answers]
    assert answers[1].document["cases"]["accepted"] == 1
    assert CANARY.lower() not in "".join(answer.out + answer.err for answer in answers).lower()
    assert CANARY.lower() not in logged.lower()
    files = [path for path in workspace.root.rglob("*") if path.is_file()]
    assert sum(path.name.endswith("_seg.nii.gz") for path in files) == 1
    for path in files:
        assert CANARY.lower() not in str(path.relative_to(workspace.root)).lower()
        assert CANARY.lower().encode() not in content(path).lower(), path.name


def test_the_voxels_came_all_the_same(journey: tuple[list[Answer], str], workspace: Workspace) -> None:
    """The search would be worth little if nothing had come in."""
    entry = workspace.cohort("again").cases["case-001"]
    assert list(entry.case.sources) == list(SEQUENCES)
    assert sorted(entry.facts["shape"]) == sorted(SHAPE)
    assert all(path.is_file() for source in entry.case.sources.values() for path in source.files)


def content(path: Path) -> bytes:
    """A file's bytes, and what is compressed in them."""
    raw = path.read_bytes()
    try:
        return raw + gzip.decompress(raw)
    except (OSError, EOFError, zlib.error):
        return raw
