"""Pictures without masks in every export format: pixels where there are no millimetres, a sentence where none fits."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image

from core.export import CASE_FORMATS
from core.export.report import why_no_pdf
from tests import narrow
from tests.core.cli.conftest import Answer, Ask

ROWS, COLUMNS = 32, 48
ON_DICOM = ("dicom-seg", "rtstruct")
IN_MM = ("stl", "ply", "glb")


def write_pictures(folder: Path) -> None:
    """Write blocks of grey as PNG and as TIFF, the second of two lighter and elsewhere."""
    folder.mkdir()
    rng = np.random.default_rng(5)
    for number, suffix in enumerate(("png", "tif"), 1):
        pixels = np.zeros((ROWS, COLUMNS))
        pixels[4:28, 4 * number : 4 * number + 32] = np.kron(rng.integers(60, 256, (3, 4)), np.ones((8, 8)))
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"slice_{number}.{suffix}")


@pytest.fixture
def answer(ask: Ask, tmp_path: Path, workspace_dir: Path) -> Answer:
    """What the command line says of both pictures in every format."""
    write_pictures(tmp_path / "scan")
    regions = {"regions": ("foreground",), "scheme": "binary", "thresholds": (128,)}
    spec = narrow.spec(modalities=("image",), preparing="minmax", **regions)
    model, out = narrow.checkpoint(tmp_path / "model", inference=spec), tmp_path / "out"
    formats = ",".join(CASE_FORMATS)
    return ask("segment", tmp_path / "scan", "--checkpoint", model.folder, "--format", formats, "--out", out, "--json")


@pytest.mark.slow
def test_each_format_is_written_in_pixels_or_refused_with_the_reason(answer: Answer, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert answer.code == 0, answer.err
    printed = [] if why_no_pdf() else ["report.pdf"]
    files = ["seg.nii.gz", "probabilities.nii.gz", "measurements.csv", "measurements.json", "report.html", *printed]
    assert {path.name for path in out.iterdir()} == {f"slice_{n}_{name}" for n in (1, 2) for name in files}
    said = {(each["case"], each["format"]): each["error"] for each in answer.document["not_exported"]}
    assert set(said) == {(f"slice_{n}", name) for n in (1, 2) for name in (*ON_DICOM, *IN_MM)}
    for (case, name), sentence in said.items():
        why = "was not read from DICOM" if name in ON_DICOM else "has no voxel sizes, and a surface is in millimetres"
        assert sentence.startswith(f"{case} {why}")
    for case in ("slice_1", "slice_2"):
        assert_measured_in_pixels(out, case)
        assert_printed_in_pixels(out, case)


def assert_measured_in_pixels(out: Path, case: str) -> None:
    """Hold the table and the JSON document against the mask, counted here."""
    mask = np.asarray(nib.load(out / f"{case}_seg.nii.gz").dataobj)[:, :, 0] != 0
    drawn = np.asarray(nib.load(out / f"{case}_probabilities.nii.gz").dataobj)[:, :, 0, 0]
    assert 0 < mask.sum() < mask.size
    assert ((drawn >= 128 / 255 - 1e-6) == mask).all()
    found = json.loads((out / f"{case}_measurements.json").read_text())["measurements"]
    region = found["regions"]["foreground"]
    assert (region["voxels"], region["ml"], region["side"]) == (mask.sum(), None, None)
    lines = region["diameters"]
    across = f"{lines['longest_voxels']:.0f} × {lines['across_voxels']:.0f}"
    assert region["sentence"] == f"Foreground {mask.sum():,} pixels, {across} pixels"
    (row, *lesions) = csv.DictReader((out / f"{case}_measurements.csv").read_text().splitlines())
    assert (int(row["voxels"]), row["ml"], row["length_unit"]) == (mask.sum(), "", "pixels")
    assert sum(int(lesion["voxels"]) for lesion in lesions) == mask.sum()
    columns, rows = np.nonzero(mask)
    weights = [int(lesion["voxels"]) for lesion in lesions]
    for name, places in (("x_voxel", columns), ("y_voxel", rows)):
        assert np.average([float(lesion[name]) for lesion in lesions], weights=weights) == pytest.approx(places.mean())


def assert_printed_in_pixels(out: Path, case: str) -> None:
    """The report counts pixels, draws the picture, and speaks of nothing that a picture does not have."""
    html = (out / f"{case}_report.html").read_text()
    assert "data:image/png;base64," in html
    pages = [html]
    if not why_no_pdf():
        document = pdfium.PdfDocument(out / f"{case}_report.pdf")
        pages.append("".join(document[number].get_textpage().get_text_range() for number in range(len(document))))
    (row,) = re.findall(r"foreground\s+foreground\s+([\d,]+)\s+([\d.,]+)\s+([\d.,]+)\s", re.sub("<[^>]*>", " ", html))
    found = json.loads((out / f"{case}_measurements.json").read_text())["measurements"]["regions"]["foreground"]
    lines = found["diameters"]
    assert row == (f"{found['voxels']:,}", f"{lines['longest_voxels']:.1f}", f"{lines['across_voxels']:.1f}")
    for said in pages:
        for word in ("Pixels", "Longest (pixels)", "Column", "Row", "it stands as it is stored"):
            assert word in said, word
        for word in ("(ml)", "(mm)", "axial", "millimetres", "Slice", "voxels,"):
            assert word not in said, word
