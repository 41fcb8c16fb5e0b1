"""The service in a venv with requirements-light.txt, so without torch: the mask it gives, and what it cannot do."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import nibabel as nib
import numpy as np
import pytest

from core.atomic import read_json
from core.data.phantom import cohort_traits, make_phantom, write_phantom
from core.export.onnx import write_onnx
from core.jobs.standstill import worker_file
from core.service.api.problems import MEDIA_TYPE
from core.workspace import Workspace
from tests import narrow
from tests.core.service.api.serving_alone import serve_alone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MODEL = "phantom-unet"
PATIENCE_S = 240.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Workspace:
    """A workspace with two checkpoints as ONNX files: a shipped one, as the command line exports it, and one for CT."""
    place = Workspace(tmp_path_factory.mktemp("light-server") / "workspace")
    ask_here(repo_root, place.root, "export", MODEL, "--format", "onnx", "--out", place.made_checkpoints)
    spec = narrow.spec(
        modalities=("ct",), preparing="minmax", regions=("foreground",), scheme="binary", thresholds=(128,)
    )
    write_onnx(place.made_checkpoints / "ct.onnx", narrow.checkpoint(place.root.parent / "ct", inference=spec))
    return place


@pytest.fixture(scope="module")
def client(place: Workspace, light: Path) -> Iterator[httpx.Client]:
    server, client = serve_alone(place.root, light)
    yield client
    client.close()
    server.kill()
    server.wait()
    if (said := worker_file(place, "cpu")).exists():
        os.kill(read_json(said)["pid"], signal.SIGKILL)


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = make_phantom(cohort_traits(1)[0])
    folder = write_phantom(made, tmp_path_factory.mktemp("phantom"), "BraTS-PHM-00001-000")
    return sorted(file for file in folder.iterdir() if "seg" not in file.name)


@pytest.fixture(scope="module")
def study(client: httpx.Client, scan: Sequence[Path]) -> str:
    """Where the phantom's study is, once it is done."""
    return brought(client, scan, checkpoint=MODEL, formats="nifti,json,stl", fast="true")


def ask_here(repo_root: Path, workspace: Path, *arguments: object) -> None:
    """Run a verb where torch is."""
    environment = {**os.environ, "PYTHONPATH": str(repo_root), "SEGSCOPE_WORKSPACE": str(workspace)}
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    subprocess.run(command, cwd=repo_root, env=environment, capture_output=True, check=True)


def ended(client: httpx.Client, files: Sequence[Path], **fields: str) -> dict[str, Any]:
    """Bring a study, and return what is known of it once it has ended."""
    answer = client.post(
        "/segmentations", files=[("files", (file.name, file.read_bytes())) for file in files], data=fields
    )
    assert answer.status_code == 202, answer.text
    where = f"/segmentations/{answer.json()['id']}"
    ends = time.monotonic() + PATIENCE_S
    while (found := client.get(where).json())["state"] in ("queued", "running"):
        assert time.monotonic() < ends, found
        time.sleep(0.2)
    return dict(found)


def brought(client: httpx.Client, files: Sequence[Path], **fields: str) -> str:
    """Return where a study is once it is done."""
    found = ended(client, files, **fields)
    assert found["state"] == "done", found
    return f"/segmentations/{found['id']}"


def refusal(answer: httpx.Response) -> str:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    return str(answer.json()["detail"])


def mask_of(content: bytes) -> Any:
    return nib.Nifti1Image.from_bytes(gzip.decompress(content))


def test_the_server_and_its_worker_have_no_torch(light: Path, repo_root: Path) -> None:
    program = (
        "import importlib.util, core.service.alone, core.jobs.worker, core.jobs.export_work\n"
        "print(*[importlib.util.find_spec(name) for name in ('torch', 'highdicom', 'trimesh', 'weasyprint')])"
    )
    environment = {**os.environ, "PYTHONPATH": str(repo_root)}
    said = subprocess.run([light, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["None"] * 4


def test_only_what_it_can_compute_is_offered(client: httpx.Client, scan: Sequence[Path]) -> None:
    assert [each["name"] for each in client.get("/models").json()["models"]] == [MODEL, "ct"]
    files = [("files", (file.name, file.read_bytes())) for file in scan]
    for name in ("phantom-mobilenet", f"{MODEL},phantom-mobilenet"):
        answer = client.post("/segmentations", files=files, data={"checkpoint": name})
        assert "phantom-mobilenet has no ONNX model; where torch is, write one with python -m core export" in refusal(
            answer
        )


def test_a_study_has_the_mask_that_torch_makes_here(
    client: httpx.Client, study: str, scan: Sequence[Path], repo_root: Path, tmp_path: Path
) -> None:
    ask_here(repo_root, tmp_path / "here", "segment", scan[0].parent, "--checkpoint", MODEL, "--out", tmp_path / "out")
    (file,) = (tmp_path / "out").glob("*_seg.nii.gz")
    ours, theirs = mask_of(client.get(f"{study}/result").content), mask_of(file.read_bytes())
    assert np.array_equal(ours.affine, theirs.affine)
    mine, torchs = (np.asarray(each.dataobj) for each in (ours, theirs))
    apart = np.count_nonzero(mine != torchs)
    print(f"{apart} of {np.count_nonzero(torchs)} labelled voxels differ")
    for label in (1, 2, 3):
        one, other = mine == label, torchs == label
        assert other.sum() > 1000
        assert 2 * (one & other).sum() / (one.sum() + other.sum()) >= 0.999


def test_measurements_come_at_once_and_later_and_say_what_computed_them(client: httpx.Client, study: str) -> None:
    at_once = client.get(f"{study}/result", params={"format": "json"}).json()
    assert at_once["provenance"]["versions"].keys() == {"segscope", "onnxruntime", "numpy"}
    later = client.get(f"{study}/result", params={"format": "csv"})
    assert later.status_code == 200, later.text
    assert "onnxruntime=" in later.text
    assert f",{at_once['measurements']['regions']['ET']['voxels']}," in later.text


@pytest.mark.parametrize(
    ("wanted", "package"), [("stl", "trimesh"), ("ply", "trimesh"), ("glb", "trimesh"), ("report", "jinja2")]
)
def test_a_format_whose_package_is_missing_is_refused_and_costs_the_study_nothing(
    client: httpx.Client, study: str, wanted: str, package: str
) -> None:
    sentence = f"{wanted} needs {package}, which is not installed here"
    assert refusal(client.get(f"{study}/result", params={"format": wanted})).startswith(sentence)
    assert client.get(study).json()["message"].startswith("stl needs trimesh"), "asked for at once, and named"


def test_a_dicom_series_has_its_mask_as_nifti_and_no_dicom_segmentation(client: httpx.Client, real_data: Path) -> None:
    files = sorted(path for path in (real_data / "dicom" / "series_ct_reversed").rglob("*") if path.is_file())
    where = brought(client, files, checkpoint="ct")
    assert 0.01 < np.asarray(mask_of(client.get(f"{where}/result").content).dataobj).mean() < 0.99
    said = refusal(client.get(f"{where}/result", params={"format": "dicom-seg"}))
    assert said.startswith("dicom-seg needs highdicom, which is not installed here")
    assert client.get(f"{where}/result", params={"format": "rtstruct"}).status_code == 200


def test_a_study_as_the_scanner_left_it_fails_with_a_sentence(client: httpx.Client, real_data: Path) -> None:
    files = sorted((real_data / "clinical_study" / "TCGA-FG-6692" / "raw").iterdir())
    found = ended(client, files, checkpoint=MODEL)
    assert found["state"] == "failed"
    assert found["message"].startswith("this study needs SimpleITK, which is not installed here")
