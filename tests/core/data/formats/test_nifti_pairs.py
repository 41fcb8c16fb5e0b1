"""Channels in a fourth axis, `.hdr/.img` pairs, and the real files that other readers are tested with."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from core.case import Source
from core.data.formats import FORMATS, format_of
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.nifti import read_nifti
from core.data.refusal import InputRefusedError
from tests.cases import AFFINES, write_nifti

VOXELS = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
REFUSED = {
    "5D_small.nii": ("five_dimensional", "1 × 2 × 3 × 1 × 3"),
    "5D_zeros.nii.gz": ("five_dimensional", "256 × 256 × 170 × 1 × 3"),
    "not-nifti.nii": ("not_nifti", "neither 348 nor 540"),
    "analyze.hdr": ("not_nifti", "ANALYZE 7.5"),
    "nifti1.hdr": ("half_pair", "put the .img file beside it"),
    "nifti2.hdr": ("half_pair", "put the .img file beside it"),
    "row_major.dconn.nii": ("cifti", "a CIFTI file"),
}


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
def test_a_fourth_axis_holds_channels(tmp_path: Path, name: str) -> None:
    stack = np.stack([VOXELS, VOXELS + 100], axis=-1)
    image = read_nifti(write_nifti(tmp_path / name, stack))
    assert image.stored.shape == (2, 3, 4, 5)
    assert np.array_equal(image.stored, np.moveaxis(stack, -1, 0))
    assert (image.slope, image.intercept) == ((1.0, 1.0), (0.0, 0.0))
    assert image.grid.shape == (3, 4, 5)
    assert all(channel.flags.f_contiguous for channel in image.stored)
    mask = FORMATS["nifti"].read_mask(Source((tmp_path / name,), "nifti", 1), None)
    assert np.array_equal(mask.stored, [VOXELS + 100])


def test_64_channels_are_channels_and_65_are_time(tmp_path: Path) -> None:
    path = tmp_path / "x.nii"
    assert read_nifti(write_nifti(path, np.zeros((2, 2, 2, 64), np.uint8))).channels == 64
    with pytest.raises(InputRefusedError, match="a series of 65 volumes"):
        read_nifti(write_nifti(path, np.zeros((2, 2, 2, 65), np.uint8)))


def write_pair(folder: Path, kind: Any, suffix: str) -> None:
    image = kind(VOXELS, AFFINES["LPS"])
    image.header.set_slope_inter(2, 1)
    nib.save(image, folder / f"x.img{suffix}")


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("kind", [nib.Nifti1Pair, nib.Nifti2Pair])
@pytest.mark.parametrize("half", ["hdr", "img"])
def test_a_pair_is_read_from_either_half(tmp_path: Path, kind: Any, suffix: str, half: str) -> None:
    write_pair(tmp_path, kind, suffix)
    path = tmp_path / f"x.{half}{suffix}"
    assert format_of(path) == "nifti"
    image = read_nifti(path)
    assert np.array_equal(image.stored[0], VOXELS)
    assert np.array_equal(image.values(0), np.asarray(nib.load(path).dataobj))
    assert (image.slope, image.intercept) == ((2.0,), (1.0,))
    assert image.grid.axis_codes == "LPS"


def test_names_in_capitals_and_one_gzipped_half_are_found_too(tmp_path: Path) -> None:
    write_pair(tmp_path, nib.Nifti1Pair, "")
    (tmp_path / "Y.HDR").write_bytes((tmp_path / "x.hdr").read_bytes())
    (tmp_path / "Y.IMG").write_bytes((tmp_path / "x.img").read_bytes())
    (tmp_path / "z.hdr").write_bytes((tmp_path / "x.hdr").read_bytes())
    (tmp_path / "z.img.gz").write_bytes(gzip.compress((tmp_path / "x.img").read_bytes()))
    for name in ("Y.HDR", "Y.IMG", "z.hdr", "z.img.gz"):
        assert read_nifti(tmp_path / name).stored.shape == (1, 3, 4, 5), name


def test_half_a_pair_is_refused_naming_the_other_half(tmp_path: Path) -> None:
    write_pair(tmp_path, nib.Nifti1Pair, ".gz")
    shutil.move(tmp_path / "x.img.gz", tmp_path / "y.img.gz")
    with pytest.raises(InputRefusedError, match=r"a header without its voxels .* put the \.img file beside it"):
        read_nifti(tmp_path / "x.hdr.gz")
    with pytest.raises(InputRefusedError, match=r"voxels without their header .* put the \.hdr file beside it"):
        read_nifti(tmp_path / "y.img.gz")


@pytest.mark.parametrize("half", ["hdr", "img"])
def test_a_damaged_half_is_refused(tmp_path: Path, half: str) -> None:
    write_pair(tmp_path, nib.Nifti1Pair, ".gz")
    path = tmp_path / f"x.{half}.gz"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DamagedFileError):
        read_nifti(tmp_path / "x.hdr.gz")


def test_every_real_oddity_is_read_as_nibabel_reads_it_or_refused_in_its_sentence(real_data: Path) -> None:
    folder = real_data / "nifti_oddities"
    files = [file for file in folder.rglob("*") if file.name.lower().endswith(FORMATS["nifti"].suffixes)]
    files = [file for file in files if "48_orientations" not in file.parts]
    assert {file.name for file in files} >= set(REFUSED)
    assert len(files) >= 34
    for file in files:
        if file.name in REFUSED:
            code, sentence = REFUSED[file.name]
            with pytest.raises(InputRefusedError) as refused:
                read_nifti(file)
            assert [finding.code for finding in refused.value.findings] == [code], file.name
            assert sentence in str(refused.value)
            continue
        image, oracle = read_nifti(file), nib.load(file)
        assert image.grid.affine is not None
        assert np.allclose(image.grid.affine, oracle.affine, atol=1e-6), file.name
        assert image.findings == (), file.name
        expected = np.asarray(oracle.dataobj)
        expected = expected[..., np.newaxis] if expected.ndim == 3 else expected
        for channel in range(image.channels):
            assert np.allclose(image.values(channel), expected[..., channel], equal_nan=True), file.name
