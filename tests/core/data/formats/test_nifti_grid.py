"""What is odd about where a NIfTI header puts its voxels is said, with a remedy; a clean header is left in peace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from core.data.formats.grid import corner_distance_mm, grid_from_affine, without_shear
from core.data.formats.nifti import read_nifti
from core.export.nifti import write_label_map
from tests.cases import AFFINES, set_header, write_nifti

SHAPE = (3, 4, 5)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return write_nifti(tmp_path / "plain.nii", np.arange(60, dtype=np.int16).reshape(SHAPE))


def test_a_clean_header_gives_no_findings(plain: Path) -> None:
    assert read_nifti(plain).findings == ()


@pytest.mark.parametrize(
    ("fields", "code", "found"),
    [
        ({"qoffset_x": -11}, "forms_disagree", "put a corner 1.00 mm apart"),
        ({"qoffset_x": -12.02}, "forms_disagree", "put a corner 0.02 mm apart"),
        ({"quatern_b": 5}, "forms_disagree", "a qform that gives no affine"),
        ({"sform_code": 0, "qform_code": 0}, "no_form", "both codes 0"),
        ({"qform_code": 0, "pixdim": [1, 0, 1.5, 2, 0, 0, 0, 0]}, "zero_pixdim", "a voxel size of 0 × 1.5 × 2"),
        ({"xyzt_units": 3}, "units_not_mm", "lengths in micrometres"),
        ({"xyzt_units": 1}, "units_not_mm", "lengths in metres"),
        ({"qform_code": 0, "srow_x": [1, 0.1, 0, -12]}, "sheared_grid", "not at right angles"),
    ],
)
def test_each_oddity_has_its_finding(plain: Path, fields: dict[str, Any], code: str, found: str) -> None:
    set_header(plain, **fields)
    (finding,) = read_nifti(plain).findings
    assert (finding.severity, finding.code) == ("warning", code)
    assert found in finding.found
    assert finding.fix


@pytest.mark.parametrize("fields", [{"qoffset_x": -12.005}, {"xyzt_units": 10}, {"xyzt_units": 0}, {"qform_code": 0}])
def test_rounding_an_unknown_unit_and_a_form_left_out_are_no_oddity(plain: Path, fields: dict[str, Any]) -> None:
    set_header(plain, **fields)
    assert read_nifti(plain).findings == ()


def test_a_quaternion_near_a_half_turn_is_not_blamed_for_its_single_precision(tmp_path: Path) -> None:
    """LPS turned by 0.001 degrees: the qform that nibabel itself writes then lies 0.02 mm off at a far corner."""
    angle = np.radians(0.001)
    affine = np.diag([-1.0, -1, 1, 1])
    affine[:2, :2] = [[-np.cos(angle), np.sin(angle)], [-np.sin(angle), -np.cos(angle)]]
    path = write_nifti(tmp_path / "x.nii", np.zeros((600, 600, 2), np.uint8), affine)
    header = nib.load(path).header
    assert corner_distance_mm((600, 600, 2), header.get_sform(), header.get_qform()) > 0.01
    assert read_nifti(path).findings == ()
    set_header(path, qoffset_x=3)
    assert [finding.code for finding in read_nifti(path).findings] == ["forms_disagree"]


@pytest.mark.parametrize(("unit", "mm"), [(1, 1000.0), (2, 1.0), (3, 0.001), (8 + 3, 0.001), (0, 1.0)])
@pytest.mark.parametrize(("sform", "qform"), [(1, 1), (0, 1), (0, 0)])
def test_lengths_in_any_unit_are_mm_in_memory_and_stay_as_they_are_in_an_export(
    tmp_path: Path, plain: Path, unit: int, mm: float, sform: int, qform: int
) -> None:
    set_header(plain, xyzt_units=unit, sform_code=sform, qform_code=qform)
    grid = read_nifti(plain).grid
    geometry = grid.geometry()
    assert geometry is not None
    assert geometry.spacing_mm == pytest.approx((mm, 1.5 * mm, 2 * mm))
    write_label_map(tmp_path / "mask.nii.gz", np.zeros(grid.ras_shape, np.uint8), grid)
    before, after = nib.load(plain).header, nib.load(tmp_path / "mask.nii.gz").header
    for field in ("sform_code", "qform_code", "xyzt_units", "quatern_d", "qoffset_x", "qoffset_y"):
        assert after[field] == before[field], field
    assert np.array_equal(after["pixdim"][:4], before["pixdim"][:4])
    if sform:
        assert np.array_equal(after.get_sform(), before.get_sform())
    assert read_nifti(tmp_path / "mask.nii.gz").grid.to_json() == grid.to_json()


def test_a_single_slice_without_thickness_is_1_mm_thick_and_exported_as_it_was(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "x.nii", np.zeros((3, 4), np.uint8), sform=0, qform=0)
    set_header(path, pixdim=[1, 0.5, 0.5, 0, 0, 0, 0, 0])
    image = read_nifti(path)
    geometry = image.grid.geometry()
    assert geometry is not None
    assert geometry.spacing_mm == (0.5, 0.5, 1.0)
    assert sorted(finding.code for finding in image.findings) == ["no_form", "zero_pixdim"]
    write_label_map(tmp_path / "mask.nii.gz", np.zeros((3, 4, 1), np.uint8), image.grid)
    assert read_nifti(tmp_path / "mask.nii.gz").grid.to_json() == image.grid.to_json()


def test_voxels_of_half_a_micrometre_are_small_and_not_singular(plain: Path) -> None:
    set_header(plain, xyzt_units=3, qform_code=0, srow_x=[0.5, 0, 0, 0], srow_y=[0, 0.5, 0, 0], srow_z=[0, 0, 0.5, 0])
    geometry = read_nifti(plain).grid.geometry()
    assert geometry is not None
    assert geometry.spacing_mm == pytest.approx((0.0005,) * 3)


def test_a_grid_made_from_an_affine_says_what_nibabel_would_write() -> None:
    made = grid_from_affine(SHAPE, AFFINES["LPS"])
    header = nib.Nifti1Image(np.zeros(SHAPE, np.uint8), AFFINES["LPS"]).header
    header.set_qform(AFFINES["LPS"], 1)
    assert (made.sform_code, made.qform_code, made.xyzt_units, made.pixdim) == (1, 1, 2, (1.0, 1.5, 2.0))
    assert made.qform == tuple(
        float(v) for v in (header["pixdim"][0], *(header[f"quatern_{n}"] for n in "bcd"), 12.0, 10.0, 5.0)
    )


def test_a_sheared_affine_has_no_quaternion_and_is_straightened_to_the_nearest_axes() -> None:
    sheared = np.eye(4)
    sheared[0, 1] = 0.2
    assert grid_from_affine(SHAPE, sheared).qform_code == 0
    straight = without_shear(sheared)[:3, :3]
    assert np.allclose(straight.T @ straight, np.diag([1, 1.04, 1]))
    assert np.allclose(without_shear(AFFINES["LPS"]), AFFINES["LPS"])


def test_corners_move_as_far_as_worked_out_by_hand() -> None:
    """Voxels longer by 0.1 mm along x move the corner of 4 voxels by 0.3 mm; 0.4 mm along y makes it 0.5."""
    longer = np.diag([1.1, 1, 1, 1])
    assert corner_distance_mm((4, 2, 2), np.eye(4), longer) == pytest.approx(0.3)
    longer[1, 3] = 0.4
    assert corner_distance_mm((4, 2, 2), np.eye(4), longer) == pytest.approx(0.5)
