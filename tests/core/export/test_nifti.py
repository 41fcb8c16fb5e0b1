"""Written masks lie exactly where their input lies, in any orientation and with any pair of form codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest
import SimpleITK

from core.data.formats.nifti import read_nifti
from core.export import EXPORTS
from core.export.nifti import write_label_map, write_mask
from tests.cases import AFFINES, set_header, write_nifti
from tests.core.test_volume import affine_running

SHAPE = (7, 6, 5)
MARKER = (5, 1, 3)  # of the file's own axes; no flip or permutation maps it onto itself
ORIENTATIONS = ("RAS", "LPS", "LAS", "RPI", "PIR", "ASL", "SRA", "IPL")


def oblique() -> npt.NDArray[np.float64]:
    """Turned by 20 degrees about z and 10 about x, and left-handed."""
    a, b = np.radians(20), np.radians(10)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_x @ np.diag([-0.9, 0.9, 5.5])
    affine[:3, 3] = (90.3, -120.7, 33.1)
    return affine


def written(path: Path, affine: npt.NDArray[np.float64], sform: int, qform: int, **fields: Any) -> tuple[Path, Path]:
    """Write an image, turn a marker at one of its voxels to RAS+, and write that as a mask on the image's grid."""
    image = write_nifti(path / "image.nii", np.zeros(SHAPE, np.int16), affine, sform=sform, qform=qform, **fields)
    grid = read_nifti(image).grid
    marker = np.zeros(SHAPE, np.uint8)
    marker[MARKER] = 4
    mask = path / "mask.nii.gz"
    write_label_map(mask, np.ascontiguousarray(grid.to_ras(marker)), grid)
    return image, mask


def assert_same_grid(image: Path, mask: Path) -> None:
    before, after = nib.load(image).header, nib.load(mask).header
    assert after.get_data_shape() == before.get_data_shape()
    assert np.array_equal(nib.load(mask).affine, nib.load(image).affine)
    assert nib.aff2axcodes(nib.load(mask).affine) == nib.aff2axcodes(nib.load(image).affine)
    for field in ("sform_code", "qform_code", "xyzt_units", "quatern_b", "quatern_c", "quatern_d"):
        assert after[field] == before[field], field
    for field in ("qoffset_x", "qoffset_y", "qoffset_z"):
        assert after[field] == before[field], field
    assert np.array_equal(after["pixdim"][:4], before["pixdim"][:4])
    if before["sform_code"]:
        for row in ("srow_x", "srow_y", "srow_z"):
            assert np.array_equal(after[row], before[row])


def assert_marker_stays(image: Path, mask: Path) -> None:
    """On its voxel in nibabel, and on its mm in SimpleITK."""
    labels = np.asarray(nib.load(mask).dataobj)
    assert labels.dtype == np.uint8
    assert np.argwhere(labels == 4).tolist() == [list(MARKER)]
    assert np.count_nonzero(labels) == 1
    read_image, read_mask = SimpleITK.ReadImage(str(image)), SimpleITK.ReadImage(str(mask))
    point = read_image.TransformIndexToPhysicalPoint(MARKER)
    assert np.allclose(read_mask.TransformIndexToPhysicalPoint(MARKER), point, atol=1e-6)
    assert read_mask.GetPixel(read_mask.TransformPhysicalPointToIndex(point)) == 4


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_marker_stays_on_its_voxel_and_its_mm_in_any_orientation(tmp_path: Path, orientation: str) -> None:
    image, mask = written(tmp_path, affine_running(orientation), 1, 1)
    assert_same_grid(image, mask)
    assert_marker_stays(image, mask)


@pytest.mark.parametrize(("sform", "qform"), [(1, 1), (2, 0), (0, 1), (4, 3), (1, 0)])
def test_form_codes_are_those_of_the_input_on_an_oblique_grid_too(tmp_path: Path, sform: int, qform: int) -> None:
    """sform_code 0 leaves the place to the quaternion alone."""
    image, mask = written(tmp_path, oblique(), sform, qform)
    assert_same_grid(image, mask)
    assert_marker_stays(image, mask)


def test_two_forms_that_disagree_are_both_kept(tmp_path: Path) -> None:
    image, mask = written(tmp_path, AFFINES["LPS"], 2, 1, qoffset_x=99)
    assert_same_grid(image, mask)


def test_a_grid_in_micrometres_stays_in_micrometres(tmp_path: Path) -> None:
    image, mask = written(tmp_path, AFFINES["RAS"], 1, 1, xyzt_units=3)
    assert_same_grid(image, mask)


def test_neither_form_leaves_the_voxel_sizes(tmp_path: Path) -> None:
    image, mask = written(tmp_path, np.diag([2.0, 3.0, 4.0, 1.0]), 0, 0)
    set_header(image, pixdim=[1, 2, 3, 4, 0, 0, 0, 0])
    grid = read_nifti(image).grid
    write_label_map(mask, np.zeros(grid.ras_shape, np.uint8), grid)
    assert_same_grid(image, mask)


def test_the_header_says_that_these_are_labels(tmp_path: Path) -> None:
    _, mask = written(tmp_path, AFFINES["RAS"], 1, 1)
    header = nib.load(mask).header
    assert header.get_intent()[0] == "label"
    assert (nib.load(mask).dataobj.slope, nib.load(mask).dataobj.inter) == (1.0, 0.0)
    assert header.get_data_dtype() == np.uint8
    assert float(header["cal_max"]) == 4


def test_the_same_mask_is_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = (written(tmp_path / name, AFFINES["RAS"], 1, 1)[1] for name in "ab")
    assert one.read_bytes() == other.read_bytes()


def test_labels_of_another_shape_are_never_written(tmp_path: Path) -> None:
    image, mask = written(tmp_path, affine_running("PIR"), 1, 1)
    mask.unlink()
    with pytest.raises(ValueError, match=r"labels of shape \(7, 6, 5\); expected \(5, 7, 6\)"):
        write_label_map(mask, np.zeros(SHAPE, np.uint8), read_nifti(image).grid)
    assert not mask.exists()


def test_exports_are_listed() -> None:
    assert EXPORTS["nifti"].write is write_mask
    assert EXPORTS["nifti"].suffix == ".nii.gz"
