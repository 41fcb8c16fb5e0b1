"""Several formats at once: their names, measurements to the last digit, and nothing where one is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from core.export import (
    CASE_FORMATS,
    NotExportableError,
    UnknownExportError,
    export_case,
    formats_named,
)
from core.export.measurements import COLUMNS, write_csv_measurements, write_json_measurements
from core.export.report import why_no_pdf
from tests.core.data.formats.segs import CANARY
from tests.core.export.segmented import FIRST, changed, on_series, segmented
from tests.core.export.test_dicom import of_made_series

EVERY = {
    "case-001_seg.nii.gz", "case-001_probabilities.nii.gz", "case-001_seg.dcm", "case-001_rtstruct.dcm",
    "case-001_WT.stl", "case-001_TC.stl", "case-001_ET.stl", "case-001_WT.ply", "case-001_TC.ply", "case-001_ET.ply",
    "case-001_seg.glb", "case-001_measurements.csv", "case-001_measurements.json",
    "case-001_report.html", "case-001_report.pdf",
}  # fmt: skip


@pytest.mark.slow
def test_every_format_writes_files_called_after_the_case(tmp_path: Path) -> None:
    assert why_no_pdf() == ""
    case = changed(on_series(segmented()), images={"t2f": segmented().images["t2f"]})
    files = export_case(case, CASE_FORMATS, tmp_path / "out")
    assert {path.name for path in files} == EVERY
    assert {path.name for path in (tmp_path / "out").iterdir()} == EVERY


def test_a_group_stands_for_its_formats_and_each_is_written_once() -> None:
    assert formats_named(["mesh", "nifti", "glb"]) == ("stl", "ply", "glb", "nifti")


def test_an_unknown_format_is_answered_with_those_of_a_case(tmp_path: Path) -> None:
    for name in ("docx", "onnx"):
        with pytest.raises(UnknownExportError, match=f"no export of a case is called '{name}'; known: nifti, "):
            export_case(segmented(), ["nifti", name], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_refused_format_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NotExportableError, match=r"was not read from DICOM.*; case-001 was not measured"):
        export_case(changed(segmented(), measurements=None), ["nifti", "dicom-seg", "rtstruct", "csv"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_regions_without_a_voxel_have_no_surface_file(tmp_path: Path) -> None:
    case = segmented()
    files = export_case(changed(case, bits=case.bits & np.uint8(3)), ["stl"], tmp_path)
    assert [path.name for path in files] == ["case-001_WT.stl", "case-001_TC.stl"]


def test_json_holds_what_was_measured_and_where_it_comes_from(tmp_path: Path) -> None:
    case = segmented()
    write_json_measurements(tmp_path / "one.json", case)
    found = json.loads((tmp_path / "one.json").read_bytes())
    assert case.measurements is not None
    assert found["measurements"] == json.loads(json.dumps(case.measurements.to_json()))
    assert found["provenance"] == case.provenance.to_json()
    assert (found["case"], found["note"]) == ("case-001", "For research; not for diagnosis.")


def test_the_table_holds_the_same_numbers_to_the_last_digit(tmp_path: Path) -> None:
    case = segmented()
    write_csv_measurements(tmp_path / "one.csv", case)
    rows = list(csv.DictReader((tmp_path / "one.csv").read_text().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert case.measurements is not None
    regions = [row for row in rows if row["kind"] == "region"]
    for row, region in zip(regions, case.measurements.regions, strict=True):
        assert (row["region"], int(row["voxels"]), float(row["ml"])) == (region.name, region.voxels, region.ml)
        assert int(row["voxels"]) == int(case.mask_of(region.name).sum())
        assert region.diameters is not None
        assert (float(row["longest"]), row["length_unit"]) == (region.diameters.longest, "mm")
    lesions = [row for row in rows if row["kind"] == "lesion"]
    assert len(lesions) == len(case.measurements.lesions.listed) >= 1
    assert float(lesions[0]["x_mm"]) == case.measurements.lesions.listed[0].centroid_mm[0]  # type: ignore[index]
    assert {row["checkpoint_ids"] for row in rows} == {FIRST}
    assert {row["note"] for row in rows} == {"For research; not for diagnosis."}


def test_a_title_that_begins_as_a_formula_is_no_formula(tmp_path: Path) -> None:
    from dataclasses import replace

    case = segmented()
    assert case.measurements is not None
    first, *others = case.measurements.regions
    named = replace(case.measurements, regions=(replace(first, title="=1+1"), *others))
    write_csv_measurements(tmp_path / "one.csv", changed(case, measurements=named))
    assert next(csv.DictReader((tmp_path / "one.csv").read_text().splitlines()))["title"] == "'=1+1"


def test_the_patient_is_named_in_dicom_files_alone_and_only_where_the_study_is_given(tmp_path: Path) -> None:
    made, study = tmp_path / "out", tmp_path / "study"
    study.mkdir()
    case = of_made_series(study)
    case = changed(case, measurements=segmented().measurements)
    names = ["nifti", "dicom-seg", "rtstruct", "glb", "json", "csv"]
    for reidentify, named in ((None, set()), (study, {"case-001_seg.dcm", "case-001_rtstruct.dcm"})):
        files = export_case(case, names, made, reidentify)
        assert {path.name for path in files if CANARY.encode() in path.read_bytes()} == named
