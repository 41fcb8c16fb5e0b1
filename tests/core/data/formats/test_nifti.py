"""NIfTI files: what nibabel reads, we read; what is damaged or strange is refused in a sentence."""

from __future__ import annotations

import gzip
import random
import tracemalloc
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest

from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.nifti import read_nifti
from core.data.image import StoredImage
from core.data.refusal import InputRefusedError
from tests.cases import AFFINES, set_header, write_nifti

REFUSALS = (DamagedFileError, InputRefusedError)


def values(image: StoredImage) -> npt.NDArray[np.float64]:
    return image.stored[0] * image.slope[0] + image.intercept[0]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return write_nifti(tmp_path / "plain.nii", np.arange(60, dtype=np.int16).reshape(3, 4, 5))


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "f4", "f8"])
def test_every_number_type_comes_back_as_it_was_written(tmp_path: Path, dtype: str) -> None:
    voxels = np.arange(60).reshape(3, 4, 5).astype(dtype)
    image = read_nifti(write_nifti(tmp_path / "x.nii.gz", voxels))
    assert image.stored.dtype == np.dtype(dtype)
    assert np.array_equal(image.stored[0], voxels)
    assert (image.slope, image.intercept) == ((1.0,), (0.0,))


@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_both_byte_orders_of_both_versions_are_read(tmp_path: Path, endian: str, kind: Any) -> None:
    voxels = np.arange(60).reshape(3, 4, 5)
    image = kind(voxels.astype(f"{endian}i4"), AFFINES["LPS"], kind.header_class(endianness=endian))
    image.set_data_dtype("i4")
    nib.save(image, tmp_path / "x.nii")
    found = read_nifti(tmp_path / "x.nii")
    assert np.array_equal(found.stored[0], voxels)
    assert found.stored.dtype.isnative
    assert found.grid.axis_codes == "LPS"
    assert found.grid.affine is not None
    assert np.allclose(found.grid.affine, AFFINES["LPS"])


def test_slope_and_intercept_are_kept_beside_the_stored_numbers(plain: Path) -> None:
    set_header(plain, scl_slope=0.5, scl_inter=-3)
    image = read_nifti(plain)
    assert image.stored.dtype == np.int16
    assert (image.slope, image.intercept) == ((0.5,), (-3.0,))
    assert np.allclose(values(image), nib.load(plain).get_fdata())


def test_a_slope_of_zero_means_no_scaling(plain: Path) -> None:
    set_header(plain, scl_slope=0, scl_inter=7)
    image = read_nifti(plain)
    assert (image.slope, image.intercept) == ((1.0,), (0.0,))
    assert np.array_equal(values(image), nib.load(plain).get_fdata())


def test_the_best_affine_is_the_sform_then_the_qform_then_the_voxel_sizes(plain: Path) -> None:
    set_header(plain, quatern_d=1, srow_x=[0.9, 0.1, 0, -3])
    affines = []
    for sform, qform in ((2, 1), (0, 1), (0, 0)):
        set_header(plain, sform_code=sform, qform_code=qform)
        grid = read_nifti(plain).grid
        assert grid.affine is not None
        affines.append(grid.affine.tolist())
        assert np.allclose(grid.affine, nib.load(plain).affine)
        assert (grid.sform_code, grid.qform_code) == (sform, qform)
    assert affines[0] != affines[1] != affines[2] != affines[0]


def test_a_quaternion_without_handedness_is_right_handed(plain: Path) -> None:
    """The standard reads pixdim[0] = 0 as 1."""
    image = nib.Nifti1Image(np.zeros((3, 4, 5), np.int16), None)
    image.set_qform(AFFINES["LPS"], code=1)
    plain.write_bytes(image.to_bytes())
    pixdim = image.header["pixdim"].copy()
    pixdim[0] = 0
    set_header(plain, pixdim=pixdim)
    grid = read_nifti(plain).grid
    assert grid.affine is not None
    assert np.allclose(grid.affine, AFFINES["LPS"])
    assert grid.qform[0] == 0


def test_a_header_extension_before_the_voxels_is_stepped_over(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.eye(4))
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"scanned on a Monday"))
    nib.save(image, tmp_path / "x.nii.gz")
    assert np.array_equal(read_nifti(tmp_path / "x.nii.gz").stored[0], np.asarray(image.dataobj))


@pytest.mark.parametrize(("shape", "read_as"), [((3, 4), (3, 4, 1)), ((3, 4, 1), (3, 4, 1)), ((3, 4, 5, 1), (3, 4, 5))])
def test_axes_of_length_one_at_the_end_do_not_matter(
    tmp_path: Path, shape: tuple[int, ...], read_as: tuple[int, ...]
) -> None:
    image = read_nifti(write_nifti(tmp_path / "x.nii", np.zeros(shape, np.uint8)))
    assert image.stored[0].shape == image.grid.shape == read_as


@pytest.mark.parametrize(
    ("fields", "code", "sentence"),
    [
        ({"sizeof_hdr": 349}, "not_nifti", "neither 348 nor 540"),
        ({"magic": b"abc\0"}, "not_nifti", "its mark is missing"),
        ({"magic": b"\0\0\0\0"}, "not_nifti", "ANALYZE 7.5"),
        ({"magic": b"ni1\0"}, "half_pair", "put the .img file beside it"),
        ({"intent_code": 3001}, "cifti", "a CIFTI file"),
        ({"datatype": 999}, "unknown_voxel_type", "unknown type 999"),
        ({"datatype": 1}, "unknown_voxel_type", "unknown type 1"),
        pytest.param(
            {"datatype": 1536},
            "unknown_voxel_type",
            "128-bit real numbers",
            marks=pytest.mark.skipif(np.finfo(np.longdouble).nmant == 112, reason="this processor has them"),
        ),
        ({"datatype": 32}, "complex_voxels", "export the magnitude image"),
        ({"datatype": 1792}, "complex_voxels", "complex numbers"),
        ({"datatype": 128}, "colour_voxels", "RGB colours as voxels"),
        ({"datatype": 2304}, "colour_voxels", "RGBA colours as voxels"),
        ({"dim": [5, 3, 4, 5, 1, 3, 1, 1]}, "five_dimensional", "3 × 4 × 5 × 1 × 3"),
        ({"dim": [4, 3, 4, 5, 65, 1, 1, 1]}, "time_series", "a series of 65 volumes"),
        ({"dim": [3, 8000, 8000, 100, 1, 1, 1, 1]}, "too_large", "claims 12,800,000,000 bytes"),
        ({"scl_slope": float("inf")}, "bad_scaling", "scl_slope inf"),
        ({"scl_slope": float("nan")}, "bad_scaling", "scl_slope nan"),
        ({"scl_inter": float("nan")}, "bad_scaling", "scl_inter nan"),
        ({"srow_x": [float("nan"), 0, 0, 0]}, "singular_affine", "singular, not finite"),
        ({"srow_x": [0, 0, 0, 0]}, "singular_affine", "singular"),
        ({"srow_x": [0, 1.5, 0, 0]}, "singular_affine", "singular"),
        ({"srow_x": [1, 0, 0, 1e30]}, "singular_affine", "beyond measure"),
        ({"sform_code": 0, "pixdim": [1, 1, 0, 1, 0, 0, 0, 0]}, "zero_pixdim", "a voxel size of 1 × 0 × 1"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.islower() else "",
)
def test_what_is_no_image_in_the_patient_is_refused_by_its_name(
    plain: Path, fields: dict[str, Any], code: str, sentence: str
) -> None:
    set_header(plain, **fields)
    with pytest.raises(InputRefusedError) as refused:
        read_nifti(plain)
    (finding,) = refused.value.findings
    assert (finding.severity, finding.code) == ("error", code)
    assert sentence in finding.sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"dim": [3, 3, 0, 5, 1, 1, 1, 1]}, "expected 1 to 8192 voxels along each axis"),
        ({"dim": [1, 60, 1, 1, 1, 1, 1, 1]}, "an image of 1 dimensions"),
        ({"dim": [8, 3, 4, 5, 1, 1, 1, 1]}, "an image of 8 dimensions"),
        ({"vox_offset": float("nan")}, "voxels at byte nan"),
        ({"vox_offset": 0}, "voxels at byte 0"),
        ({"vox_offset": 1e30}, "expected them right behind the header"),
        ({"sform_code": 0, "quatern_b": 5}, "give no affine"),
        ({"sform_code": 0, "pixdim": [1, -1, 1, 1, 0, 0, 0, 0]}, "give no affine"),
    ],
)
def test_a_header_that_makes_no_sense_is_damaged(plain: Path, fields: dict[str, Any], sentence: str) -> None:
    set_header(plain, **fields)
    with pytest.raises(DamagedFileError, match=sentence):
        read_nifti(plain)


def test_garbage_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    for content in (b"", b"\x1f\x8b", b"hi", b"hello", bytes(1000), random.Random(0).randbytes(1000)):
        (tmp_path / "x.nii").write_bytes(content)
        with pytest.raises(REFUSALS):
            read_nifti(tmp_path / "x.nii")


def test_a_header_that_claims_far_more_than_the_file_holds_is_refused_without_allocating_it(plain: Path) -> None:
    """6000 x 6000 x 60 of int16 is 4.3 GB, within the dimensions' limit and above the bytes'."""
    set_header(plain, dim=[3, 6000, 6000, 60, 1, 1, 1, 1])
    tracemalloc.start()
    with pytest.raises(InputRefusedError, match=r"claims 4,320,000,000 bytes of voxels; expected at most 4,294,967,2"):
        read_nifti(plain)
    set_header(plain, dim=[3, 6000, 5900, 60, 1, 1, 1, 1])
    with pytest.raises(DamagedFileError, match=r"120 bytes where 4,248,000,000 were expected"):
        read_nifti(plain)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


def test_bytes_behind_the_voxels_are_padding_only_if_few(plain: Path) -> None:
    whole = plain.read_bytes()
    plain.write_bytes(whole + bytes(4096))
    assert read_nifti(plain).stored[0].shape == (3, 4, 5)
    plain.write_bytes(whole + bytes(4097))
    with pytest.raises(DamagedFileError, match="more than 4,096 bytes follow"):
        read_nifti(plain)


@pytest.mark.parametrize("step", [19, pytest.param(1, marks=pytest.mark.slow)])
def test_a_flipped_bit_in_an_uncompressed_header_gives_an_image_or_a_refusal_and_nothing_else(
    plain: Path, step: int
) -> None:
    """The bits of the 348 bytes one at a time, 19 apart (so that every place in a byte has its turn) or all of them."""
    whole = plain.read_bytes()
    for bit in range(0, 348 * 8, step):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        plain.write_bytes(content)
        try:
            image = read_nifti(plain)
        except REFUSALS:
            continue
        assert image.stored[0].shape == image.grid.shape, f"bit {bit}"


@pytest.mark.parametrize("name", ["brats_africa", "brats_2021"])
def test_real_scans_are_read_as_nibabel_reads_them(real_data: Path, name: str) -> None:
    file = min((real_data / name).rglob("*.nii.gz"))
    image, oracle = read_nifti(file), nib.load(file)
    assert np.array_equal(values(image).astype(np.float32), np.asarray(oracle.dataobj, np.float32))
    assert image.grid.affine is not None
    assert np.array_equal(image.grid.affine, oracle.affine)
    assert image.grid.axis_codes == "".join(nib.aff2axcodes(oracle.affine))


def test_a_real_mask_with_slope_zero_is_read_unscaled(real_data: Path) -> None:
    masks = [read_nifti(file) for file in sorted((real_data / "brats_2021").rglob("*seg.nii.gz"))]
    slopes = [gzip.decompress(file.read_bytes())[112:116] for file in (real_data / "brats_2021").rglob("*seg.nii.gz")]
    assert bytes(4) in slopes, "one of the two masks has scl_slope 0 in its bytes"
    assert all(mask.slope == (1.0,) for mask in masks)
    assert {int(v) for mask in masks for v in np.unique(mask.stored)} == {0, 1, 2, 4}
