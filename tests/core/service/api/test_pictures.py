"""Pictures without masks over REST: label maps and pixels come back, and a sentence for what a picture cannot give."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from core.jobs import segmentation_queue as queue
from core.jobs.worker import Worker
from core.workspace import Workspace
from tests import narrow

REFUSED = {"dicom-seg": "was not read from DICOM", "glb": "has no voxel sizes, and a surface is in millimetres"}


def test_a_set_of_pictures_is_segmented_and_measured_in_pixels(
    client: TestClient, place: Workspace, tmp_path: Path
) -> None:
    regions = {"regions": ("foreground",), "scheme": "binary", "thresholds": (128,)}
    spec = narrow.spec(modalities=("image",), preparing="minmax", **regions)
    narrow.checkpoint(place.made_checkpoint("pictures"), inference=spec)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in (1, 2):
            blocks = np.random.default_rng(number).integers(60, 256, (4, 5)).astype(np.uint8)
            Image.fromarray(np.kron(blocks, np.ones((8, 8), np.uint8))).save(tmp_path / "picture.png")
            archive.write(tmp_path / "picture.png", f"set/slice_{number}.png")
    asked = {"checkpoint": "pictures", "formats": ",".join(("nifti", "csv", *REFUSED))}
    answer = client.post("/api/segmentations", files=[("files", ("set.zip", packed.getvalue()))], data=asked)
    assert answer.status_code == 202, answer.text
    job = queue.claim(place, "cpu")
    assert job is not None
    Worker(place, "cpu").do(job)
    where = answer.headers["location"]
    document = client.get(where).json()
    assert document["state"] == "done"
    assert [(case["case"], case["volumes_ml"]) for case in document["cases"]] == [
        ("slice_1", {"foreground": None}),
        ("slice_2", {"foreground": None}),
    ]
    for why in REFUSED.values():
        assert why in document["message"]
    for case in ("slice_1", "slice_2"):
        (tmp_path / "mask.nii.gz").write_bytes(client.get(f"{where}/result?case={case}").content)
        mask = np.asarray(nib.load(tmp_path / "mask.nii.gz").dataobj)
        assert mask.shape == (40, 32, 1)
        assert {each["case"]: each["voxels"] for each in document["cases"]}[case] == {"foreground": mask.sum()}
        (row, *_) = csv.DictReader(client.get(f"{where}/result?format=csv&case={case}").text.splitlines())
        assert (int(row["voxels"]), row["ml"], row["length_unit"]) == (mask.sum(), "", "pixels")
        for name, why in REFUSED.items():
            refused = client.get(f"{where}/result?format={name}&case={case}")
            assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
            assert refused.json()["detail"].startswith(f"{case} {why}")
