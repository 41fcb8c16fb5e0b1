"""A DICOM study as the scanner left it: masks that refer to each of its series, and lie on its slices."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.cli import main
from core.jobs import segmentation_queue as queue
from core.jobs.worker import Worker
from core.service.api.app import build_api
from core.service.api.rates import Rate, Rates
from core.service.api.tokens import read_tokens
from core.service.routes import api_mount
from core.workspace import Workspace
from tests import narrow
from tests.core.jobs.raw_studies import MODALITIES, raw_dicom_study
from tests.core.jobs.studies_to_segment import NAME, Workers

pytestmark = pytest.mark.slow

CASE = "case-001"
FORMATS = {"dicom-seg": "seg", "rtstruct": "rtstruct"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    return raw_dicom_study(tmp_path_factory.mktemp("raw"))


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)  # the work is done in this process
    narrow.checkpoint(workspace.made_checkpoint(NAME), inference=narrow.spec(modalities=MODALITIES))
    yield workspace
    kept.kill()


@pytest.fixture
def client(place: Workspace) -> Iterator[TestClient]:
    often = Rates(*(Rate(1e6, 10**6) for _ in range(3)))
    with TestClient(Starlette(routes=[api_mount("/api", build_api(place, often))])) as found:
        found.headers["Authorization"] = f"Bearer {read_tokens(place.root)[0]}"
        yield found


@pytest.fixture(scope="module")
def out(study: dict[str, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command line makes of the study."""
    raw, folder = study["t1c"][0].parents[1], tmp_path_factory.mktemp("out")
    model = narrow.checkpoint(folder / "model", inference=narrow.spec(modalities=MODALITIES)).folder
    formats = ",".join(("nifti", *FORMATS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGSCOPE_WORKSPACE", str(folder / "workspace"))
        asked = ["segment", raw, "--checkpoint", model, "--device", "cpu", "--format", formats, "--out", folder]
        assert main([str(argument) for argument in asked]) == 0
    return folder


def labels_on(mask: Any, image: Dataset) -> np.ndarray:
    """A label map at (row, column) of a source image, each pixel found by the place that the image's header gives."""
    row, column = np.array(image.ImageOrientationPatient, float).reshape(2, 3)
    rows, columns = np.meshgrid(np.arange(image.Rows), np.arange(image.Columns), indexing="ij")
    between_rows, between_columns = map(float, image.PixelSpacing)
    # equation C.7.6.2.1-1 of DICOM PS3.3
    lps = np.array(image.ImagePositionPatient, float) + (
        columns[..., None] * between_columns * row + rows[..., None] * between_rows * column
    )
    back = np.linalg.inv(mask.affine)
    index = (lps * (-1, -1, 1)) @ back[:3, :3].T + back[:3, 3]
    nearest = np.rint(index).astype(int)
    np.testing.assert_allclose(index, nearest, atol=0.02)
    return np.asarray(mask.dataobj)[tuple(np.moveaxis(nearest, -1, 0))]


def headers(files: list[Path]) -> list[Dataset]:
    return [pydicom.dcmread(file, stop_before_pixels=True) for file in files]


@pytest.mark.parametrize("name", MODALITIES)
def test_each_series_gets_a_segmentation_and_a_structure_set_on_its_own_slices(
    out: Path, study: dict[str, list[Path]], name: str
) -> None:
    images, mask = headers(study[name]), nib.load(out / f"{CASE}_seg_on_{name}.nii.gz")
    found = hd.seg.segread(out / f"{CASE}_seg_on_{name}.dcm")
    frames = found.get_pixels_by_source_instance(
        [image.SOPInstanceUID for image in images],
        ignore_spatial_locations=True,
        assert_missing_frames_are_empty=True,
    )
    structures = pydicom.dcmread(out / f"{CASE}_rtstruct_on_{name}.dcm")
    areas = areas_mm2(structures, images)
    regions = [found.get_segment_description(number).segment_label for number in (1, 2, 3)]
    assert regions == [item.ROIName for item in structures.StructureSetROISequence] == ["WT", "TC", "ET"]
    for image, frame in zip(images, frames, strict=True):
        whole, core, enhancing = np.moveaxis(frame != 0, -1, 0)
        painted = np.where(enhancing, 3, np.where(core, 1, np.where(whole, 2, 0)))  # as BraTS 2023 numbers them
        assert (painted == labels_on(mask, image)).all()
        pixel_mm2 = float(np.prod(image.PixelSpacing))
        for region, drawn in zip(regions, (whole, core, enhancing), strict=True):
            area = areas.get((image.SOPInstanceUID, region), 0.0)
            assert area == pytest.approx(drawn.sum() * pixel_mm2, rel=1e-5, abs=1e-3)
    assert all(0.005 < share < 0.98 for share in frames.mean(axis=(0, 1, 2)))
    (referred,) = found.ReferencedSeriesSequence
    (frame_of_reference,) = structures.ReferencedFrameOfReferenceSequence
    (series,) = frame_of_reference.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    assert referred.SeriesInstanceUID == series.SeriesInstanceUID == images[0].SeriesInstanceUID
    for each in (found, structures):
        assert each.StudyInstanceUID == images[0].StudyInstanceUID
        assert each.FrameOfReferenceUID == images[0].FrameOfReferenceUID
        assert each.SeriesDescription.startswith(f"Segscope segmentation on {name}.")
        assert (each.PatientID, str(each.PatientName)) == (CASE, CASE)


def areas_mm2(structures: Dataset, images: list[Dataset]) -> dict[tuple[str, str], float]:
    """(source image, region) to the area within its contours, by the shoelace formula; each lies in its image."""
    of = {image.SOPInstanceUID: image for image in images}
    names = {item.ROINumber: item.ROIName for item in structures.StructureSetROISequence}
    areas: dict[tuple[str, str], float] = {}
    for item in structures.ROIContourSequence:
        for contour in item.get("ContourSequence", ()):
            image = of[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
            row, column = np.array(image.ImageOrientationPatient, float).reshape(2, 3)
            corners = np.array(contour.ContourData, float).reshape(-1, 3) - np.array(image.ImagePositionPatient, float)
            assert np.abs(corners @ np.cross(row, column)).max() < 1e-3
            x, y = corners @ row, corners @ column
            key = image.SOPInstanceUID, names[item.ReferencedROINumber]
            areas[key] = areas.get(key, 0.0) + abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2
    return areas


def test_over_rest_they_are_the_same_bytes_at_once_later_and_on_the_command_line(
    client: TestClient, place: Workspace, out: Path, study: dict[str, list[Path]]
) -> None:
    at_once, later = (brought(client, place, study, formats) for formats in (",".join(("nifti", *FORMATS)), "nifti"))
    for format_, called in FORMATS.items():
        members = {f"{CASE}_{called}_on_{name}.dcm" for name in MODALITIES}
        answers = [client.get(f"{where}/result?format={format_}") for where in (at_once, later)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[1].text
        assert answers[0].content == answers[1].content
        with zipfile.ZipFile(io.BytesIO(answers[0].content)) as archive:
            assert set(archive.namelist()) == members
            for name in members:
                assert archive.read(name) == (out / name).read_bytes(), name


def brought(client: TestClient, place: Workspace, study: dict[str, list[Path]], formats: str) -> str:
    """Bring the study and do its work; return where it is."""
    parts = [("files", (f"{name}/{file.name}", file.read_bytes())) for name, files in study.items() for file in files]
    answer = client.post("/api/segmentations", files=parts, data={"checkpoint": NAME, "formats": formats})
    assert answer.status_code == 202, answer.text
    job = queue.claim(place, "cpu")
    assert job is not None
    Worker(place, "cpu").do(job)
    where = str(answer.headers["location"])
    document = client.get(where).json()
    assert (document["state"], document["message"]) == ("done", "")
    return where
