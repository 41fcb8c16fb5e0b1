"""48 orientations, three spacings, four ways to store them: each voxel keeps its place, and masks go back unchanged."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import nrrd
import numpy as np
import numpy.typing as npt
import pytest

from core.data.formats.nifti import read_nifti
from core.data.formats.nrrd import read_nrrd
from core.data.image import StoredImage
from core.export.nifti import write_label_map

Affine = npt.NDArray[np.float64]
ALL_48 = ["".join(codes) for order in itertools.permutations(("RL", "AP", "SI")) for codes in itertools.product(*order)]
SPACINGS = ((1.0, 1.0, 1.0), (0.898, 0.898, 5.5), (0.4, 1.25, 3.0))
SHAPE = (5, 4, 3)
MARKER = (3, 1, 2)  # no flip or permutation maps it onto itself
VOXELS = np.random.default_rng(0).integers(1, 200, SHAPE).astype(np.int16)
VOXELS[MARKER] = 999


def affine_of(codes: str, spacing_mm: tuple[float, float, float]) -> Affine:
    """Return the affine of a file whose axes run as `codes` say, its numbers exact in single precision."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, letter in enumerate(codes):
        world = next(number for number, pair in enumerate(("RL", "AP", "SI")) if letter in pair)
        affine[world, axis] = np.float32(spacing_mm[axis]) * (1 if letter in "RAS" else -1)
    affine[:3, 3] = (-90.5, 126, -72.25)
    return affine


def as_nifti(path: Path, affine: Affine) -> StoredImage:
    kind = nib.Nifti1Pair if path.name.endswith(".img") else nib.Nifti1Image
    image = kind(VOXELS, affine)
    image.set_qform(affine, 1)
    image.set_sform(affine, 1)
    nib.save(image, path)
    return read_nifti(path.with_suffix(".hdr") if kind is nib.Nifti1Pair else path)


def as_nrrd(path: Path, affine: Affine) -> StoredImage:
    lps = np.diag([-1, -1, 1, 1]) @ affine
    header = {
        "space": "left-posterior-superior",
        "space directions": lps[:3, :3].T,
        "space origin": lps[:3, 3],
        "encoding": "gzip",
    }
    nrrd.write(str(path), VOXELS, header, index_order="F")
    return read_nrrd(path)


WAYS: dict[str, Callable[[Path, Affine], StoredImage]] = {
    "x.nii": as_nifti,
    "x.nii.gz": as_nifti,
    "x.img": as_nifti,
    "x.nrrd": as_nrrd,
}


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("name", WAYS)
def test_a_marker_keeps_its_mm_in_every_orientation_and_a_mask_its_bits(
    tmp_path: Path, name: str, spacing_mm: tuple[float, float, float]
) -> None:
    for codes in ALL_48:
        affine = affine_of(codes, spacing_mm)
        image = WAYS[name](tmp_path / name, affine)
        assert image.grid.axis_codes == codes
        assert image.findings == ()
        geometry = image.grid.geometry()
        assert image.grid.affine is not None
        assert geometry is not None
        assert np.array_equal(image.grid.affine, affine), codes
        turned = image.grid.to_ras(image.stored[0])
        (found,) = np.argwhere(turned == 999)
        assert np.allclose(geometry.affine @ (*found, 1), affine @ (*MARKER, 1), rtol=0, atol=1e-12), codes
        mask = (turned % 5).astype(np.uint8)
        write_label_map(tmp_path / "mask.nii.gz", mask, image.grid)
        written = nib.load(tmp_path / "mask.nii.gz")
        assert np.array_equal(np.asarray(written.dataobj), VOXELS % 5), codes
        assert np.array_equal(written.affine, affine), codes
        assert np.allclose(written.header.get_qform(), affine, atol=1e-5), codes
        again = read_nifti(tmp_path / "mask.nii.gz")
        assert np.array_equal(again.grid.to_ras(again.stored[0]), mask), codes


def test_one_real_head_in_all_48_orientations_is_one_volume(real_data: Path) -> None:
    files = sorted((real_data / "nifti_oddities" / "48_orientations").glob("*.nii*"))
    assert len(files) == 48
    images = {file.name.split(".")[0]: read_nifti(file) for file in files}
    assert {name: image.grid.axis_codes for name, image in images.items()} == {name: name for name in images}
    turned = [image.grid.to_ras(image.values(0)) for image in images.values()]
    assert all(np.array_equal(volume, turned[0]) for volume in turned[1:])
    affines = [geometry.affine for image in images.values() if (geometry := image.grid.geometry())]
    assert len(affines) == 48
    assert all(np.allclose(affine, affines[0], atol=1e-3) for affine in affines)
