"""A DICOM series from the command line to masks that lie on it: as NIfTI, as a segmentation, as a structure set."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest

from core.case import Source
from core.data.formats.dicom.reader import read_dicom
from core.data.formats.dicom_seg import read_segmentation
from core.data.formats.rtstruct import read_structures
from tests import narrow
from tests.core.cli.conftest import Ask


@pytest.mark.slow
def test_a_ct_with_negated_directions_gets_the_same_mask_in_three_formats(
    ask: Ask, tmp_path: Path, real_data: Path, workspace_dir: Path
) -> None:
    study = real_data / "dicom" / "series_ct_reversed"
    spec = narrow.spec(
        modalities=("ct",), preparing="minmax", regions=("foreground",), scheme="binary", thresholds=(128,)
    )
    model, out = narrow.checkpoint(tmp_path / "model", inference=spec), tmp_path / "out"
    asked = ("segment", study, "--checkpoint", model.folder, "--format", "nifti,dicom-seg,rtstruct", "--out")
    assert ask(*asked, out).code == 0
    mask = nib.load(out / "case-001_seg.nii.gz")
    labels = np.asarray(mask.dataobj)
    assert 0.01 < labels.mean() < 0.99
    assert model.id[:12] in bytes(mask.header["descrip"]).decode()
    files = tuple(sorted(path for path in study.rglob("*") if path.is_file()))
    grid = read_dicom(files).grid
    for read, name in ((read_segmentation, "seg"), (read_structures, "rtstruct")):
        assert (read(Source((out / f"case-001_{name}.dcm",), "dicom"), grid).stored[0] == labels).all()
        assert str(pydicom.dcmread(out / f"case-001_{name}.dcm").PatientID) == "case-001"
    again = tmp_path / "again"
    assert ask(*asked, again, "--reidentify", study).code == 0
    patient = pydicom.dcmread(files[0], stop_before_pixels=True).PatientID
    assert pydicom.dcmread(again / "case-001_seg.dcm").PatientID == patient
    assert (again / "case-001_seg.nii.gz").read_bytes() == (out / "case-001_seg.nii.gz").read_bytes()


@pytest.mark.parametrize("format_", ["dicom-seg", "rtstruct"])
def test_nifti_files_give_no_dicom_and_a_sentence_says_why(
    ask: Ask, tmp_path: Path, workspace_dir: Path, format_: str
) -> None:
    from tests.cases import case_id, write_case

    write_case(tmp_path / "scan", case_id(1), 1, without=("seg",))
    model = narrow.checkpoint(tmp_path / "model")
    answer = ask(
        "segment", tmp_path / "scan", "--checkpoint", model.folder, "--out", tmp_path / "out", "--format", format_
    )
    assert answer.code == 1
    assert f"{case_id(1)} was not read from DICOM" in answer.err
    assert "no series is made up for it" in answer.err
