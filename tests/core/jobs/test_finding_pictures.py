"""The picture beside a finding shows the slice that it is about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import limits
from core.data.layouts import read_layout
from core.data.refusal import Finding
from core.jobs.finding_pictures import SIDE, cut_axis, draw_findings, picture_of
from tests.cases import AFFINES, case_id, write_cohort, write_nifti

SHAPE = (12, 8, 6)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """One case in RAS: FLAIR bright at the patient's right front, a mask on slice 4 alone, at the left back."""
    image = np.full(SHAPE, 50, np.int16)
    image[9:, 6:, :] = 200
    mask = np.zeros(SHAPE, np.uint8)
    mask[1:3, 1:3, 4] = 1
    for part in ("t1n", "t1c", "t2w", "t2f"):
        write_nifti(tmp_path / f"a_{part}.nii", image, AFFINES["RAS"])
    write_nifti(tmp_path / "a_seg.nii", mask, AFFINES["RAS"])
    return tmp_path


def test_a_mask_is_drawn_on_its_own_slice_as_a_radiologist_looks_at_it(planted: Path) -> None:
    """The patient's right is on the left and the front on top: (x, y) is drawn at row 7 - y, column 11 - x."""
    case = read_layout(planted).cases[0]
    picture, height = picture_of(case, "a_seg.nii")
    assert height == 1.5
    assert picture.shape == (8, 12, 3)
    coloured = np.argwhere(picture[..., 0] != picture[..., 2])
    assert {tuple(place) for place in coloured.tolist()} == {(5, 9), (5, 10), (6, 9), (6, 10)}
    assert picture[0, 0, 0] == 255
    assert picture[7, 0, 0] < 80


def test_an_image_is_drawn_by_its_files_name_or_its_sequence_without_the_mask(planted: Path) -> None:
    case = read_layout(planted).cases[0]
    for file in ("a_t2f.nii", "t2f", ""):
        picture, _ = picture_of(case, file)
        assert (picture[..., 0] == picture[..., 2]).all()


def test_a_slice_is_cut_as_the_scanner_cut_it(tmp_path: Path) -> None:
    """Four thick sagittal slices: front to the left, top up, half as high as wide in voxels, twice in pixels."""
    image = np.full((4, 8, 6), 50, np.int16)
    image[:, 6:, 4:] = 200
    for part in ("t1n", "t1c", "t2w", "t2f"):
        write_nifti(tmp_path / f"a_{part}.nii", image, np.diag([5.0, 1.0, 2.0, 1.0]))
    picture, height = picture_of(read_layout(tmp_path).cases[0], "t1c")
    assert (picture.shape, height) == ((6, 8, 3), 2.0)
    assert (picture[:2, :2] == 255).all()
    assert (picture[2:] < 80).all()


@pytest.mark.parametrize(
    ("spacing_mm", "axis"), [((1, 1, 1), 2), ((1, 1, 5), 2), ((5, 1, 1), 0), ((0.5, 4, 0.5), 1), ((1.2, 1, 1), 2)]
)
def test_thick_slices_tell_the_plane(spacing_mm: tuple[float, ...], axis: int) -> None:
    assert cut_axis(spacing_mm) == axis


def test_errors_get_their_pictures_first_and_one_file_one_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = read_layout(write_cohort(tmp_path / "files", 3)).cases
    monkeypatch.setattr(limits, "FINDING_PICTURES", 2)

    def finding(severity: str, case: str, file: str = "") -> Finding:
        return Finding(severity, "code", case, file, "", "", "")  # type: ignore[arg-type]

    said = [
        finding("note", case_id(1)),
        *[finding("warning", case_id(2))] * 2,
        finding("error", case_id(3), "nothing.nii"),
        *[finding("error", case) for case in ("no such case", "")],
    ]
    drawn = draw_findings(cases, said, tmp_path / "pictures")
    assert drawn == {3: "000.png", 1: "001.png", 2: "001.png"}
    with Image.open(tmp_path / "pictures" / "000.png") as picture:
        assert picture.size == (SIDE, SIDE)


def test_a_file_that_cannot_be_read_has_no_picture(tmp_path: Path) -> None:
    cases = read_layout(write_cohort(tmp_path / "files", 1)).cases
    flair = cases[0].sources["t2f"].file
    flair.write_bytes(flair.read_bytes()[:400])
    said = [Finding("error", "damaged_file", case_id(1), flair.name, "", "", "")]
    assert draw_findings(cases, said, tmp_path / "pictures") == {}
