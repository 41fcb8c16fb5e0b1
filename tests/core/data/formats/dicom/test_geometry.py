"""Voxels land where the files say, in right-handed axes, whichever way the patient lay."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from core.data.formats.dicom import DICOM
from core.data.formats.nifti import read_nifti
from core.export.nifti import write_label_map
from tests.core.data.formats.dicom.series_files import numbers, save, slice_dataset, write_series

SPACINGS = ((1.0, 1.0, 1.0), (0.48828125, 0.9, 5.5), (3.2, 0.7, 1.25))  # between columns, rows and slices
ORIENTATIONS = [
    (order, signs) for order in itertools.permutations(range(3)) for signs in itertools.product((1, -1), repeat=3)
]
# an oblique head: 20 degrees about one axis, then 13 about another
TURN = np.array([[0.939693, 0, 0.342020], [0, 1, 0], [-0.342020, 0, 0.939693]]) @ np.array(
    [[0.974370, -0.224951, 0], [0.224951, 0.974370, 0], [0, 0, 1]]
)


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
@pytest.mark.parametrize("turn", [np.eye(3), TURN], ids=["straight", "oblique"])
def test_48_orientations_put_every_voxel_where_it_was_and_bring_masks_back(
    tmp_path: Path, spacing: tuple[float, ...], turn: object
) -> None:
    voxels, origin = numbers((3, 4, 5)), np.array([-101.25, 33.5, 7.125])
    for case, (order, signs) in enumerate(ORIENTATIONS):
        axes = np.asarray(turn) @ (np.eye(3)[:, order] * signs)  # LPS directions of columns, rows and slices
        files = write_series(
            tmp_path / str(case),
            voxels,
            directions=(axes[:, 0], axes[:, 1]),
            spacing=(spacing[1], spacing[0]),
            step=axes[:, 2] * spacing[2],
            origin=origin,
        )
        image = DICOM.read(files)
        affine = image.grid.affine
        assert affine is not None
        assert np.linalg.det(affine[:3, :3]) > 0
        for k, row, column in np.ndindex(voxels.shape):
            lps = origin + axes @ (np.array([column, row, k]) * spacing)
            ijk = np.linalg.solve(affine, [-lps[0], -lps[1], lps[2], 1.0])[:3]
            i, j, at = np.rint(ijk).astype(int)
            assert image.stored[0, i, j, at] == voxels[k, row, column]
            np.testing.assert_allclose((affine @ [i, j, at, 1])[:3], lps * [-1, -1, 1], atol=1e-5)
        mask = (image.grid.to_ras(image.stored[0]) % 5).astype(np.uint8)
        write_label_map(tmp_path / "mask.nii.gz", mask, image.grid)
        again = read_nifti(tmp_path / "mask.nii.gz")
        assert np.array_equal(again.stored[0], image.stored[0] % 5)
        assert np.array_equal(again.grid.to_ras(again.stored[0]), mask)
        np.testing.assert_allclose(again.grid.affine, affine, rtol=0, atol=1e-5)


def test_slices_are_sorted_whatever_the_order_of_files_and_numbers(tmp_path: Path) -> None:
    def misnumbered(data: object, index: int) -> None:
        data.InstanceNumber = (7, 2, 9, 1)[index]  # type: ignore[attr-defined]

    files = write_series(tmp_path, change=misnumbered)
    one, other = DICOM.read(files), DICOM.read((files[2], files[0], files[3], files[1]))
    assert np.array_equal(one.stored, other.stored)
    assert np.array_equal(one.stored[0].transpose(2, 1, 0), numbers())
    assert one.uids == other.uids


def test_pixel_spacing_is_between_rows_first(tmp_path: Path) -> None:
    image = DICOM.read(write_series(tmp_path, spacing=(0.5, 3)))
    assert image.grid.pixdim == (3.0, 0.5, 2.0)
    assert image.stored.shape == (1, 6, 5, 4)


def test_a_single_slice_is_as_thick_as_it_says(tmp_path: Path) -> None:
    data = slice_dataset(numbers()[0], (1, 2, 3))
    data.SliceThickness = 4.5
    image = DICOM.read((save(data, tmp_path / "one.dcm"),))
    assert image.stored.shape == (1, 6, 5, 1)
    assert image.grid.affine is not None
    assert image.grid.affine.tolist() == [[-1, 0, 0, -1], [0, -1, 0, -2], [0, 0, 4.5, 3], [0, 0, 0, 1]]


def test_a_picture_without_a_place_has_no_affine(tmp_path: Path) -> None:
    data = slice_dataset(numbers()[0], (1, 2, 3))
    del data.ImagePositionPatient, data.ImageOrientationPatient, data.PixelSpacing
    image = DICOM.read((save(data, tmp_path / "one.dcm"),))
    assert image.grid.affine is None
    assert [finding.code for finding in image.findings] == ["no_geometry"]
    assert np.array_equal(image.stored[0, :, :, 0].T, numbers()[0])
