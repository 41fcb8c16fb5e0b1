"""A DICOM series over REST: its files as they are, and its mask back as NIfTI, DICOM SEG and measurements."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from starlette.testclient import TestClient

from core.case import Source
from core.data.formats.dicom.reader import read_dicom
from core.data.formats.dicom_seg import read_segmentation
from core.data.formats.nifti import NIFTI
from core.jobs import segmentation_queue as queue
from core.jobs.worker import Worker
from core.workspace import Workspace
from tests import narrow


@pytest.mark.slow
def test_a_dicom_series_comes_back_as_a_segmentation_of_itself(
    client: TestClient, place: Workspace, tmp_path: Path, real_data: Path
) -> None:
    spec = narrow.spec(
        modalities=("ct",), preparing="minmax", regions=("foreground",), scheme="binary", thresholds=(128,)
    )
    narrow.checkpoint(place.made_checkpoint("ct"), inference=spec)
    files = tuple(sorted(path for path in (real_data / "dicom" / "series_ct_reversed").rglob("*") if path.is_file()))
    parts = [("files", (path.name, path.read_bytes())) for path in files]
    asked = {"checkpoint": "ct", "formats": "nifti,dicom-seg"}
    answer = client.post("/api/segmentations", files=parts, data=asked)
    assert answer.status_code == 202, answer.text
    job = queue.claim(place, "cpu")
    assert job is not None
    Worker(place, "cpu").do(job)
    document = client.get(answer.headers["location"]).json()
    assert (document["state"], document["message"]) == ("done", "")
    result = f"{answer.headers['location']}/result"
    (tmp_path / "mask.nii.gz").write_bytes(client.get(f"{result}?format=nifti").content)
    (tmp_path / "mask.dcm").write_bytes(client.get(f"{result}?format=dicom-seg").content)
    drawn = NIFTI.read(Source((tmp_path / "mask.nii.gz",), "nifti").files).stored[0]
    referring = read_segmentation(Source((tmp_path / "mask.dcm",), "dicom"), read_dicom(files).grid).stored[0]
    assert 0.01 < drawn.mean() < 0.99
    assert (np.asarray(referring) == drawn).all()
    written = pydicom.dcmread(io.BytesIO((tmp_path / "mask.dcm").read_bytes()))
    source = pydicom.dcmread(files[0], stop_before_pixels=True)
    assert written.StudyInstanceUID == source.StudyInstanceUID
    assert written.PatientID != source.PatientID, "whose it is stays with the source"
    measured = client.get(f"{result}?format=json")
    assert measured.headers["content-type"] == "application/json"
    assert measured.json()["measurements"]["regions"]["foreground"]["voxels"] == int(drawn.sum())
