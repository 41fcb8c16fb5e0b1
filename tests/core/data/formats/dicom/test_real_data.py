"""Every shared DICOM folder is read, equal to what its owners or another library make of it, or refused by name."""

from __future__ import annotations

import logging
import re
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pytest

from core.data.formats.dicom import DICOM
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.refusal import InputRefusedError
from core.volume import Array

GE = "ge_with_expected_nifti"
WITH_NIFTI = [
    *(f"{GE}/anatomical/001{end}" for end in ("", "_implicit", "_single_slice")),
    *(f"{GE}/dti/{name}" for name in ("001", "001_implicit", "002")),
    *(f"{GE}/fmri/{name}" for name in ("001", "001_implicit")),
    *("hitachi/anatomical/001", "hitachi/anatomical/001_implicit", "hyperfine/anatomical/001"),
]
# folder or file: channels, columns, rows, slices, and what is odd
READ = {
    "series_ct_head/CTHeadAxialDicom": ((1, 64, 64, 93), []),
    "series_ct_reversed/dicom": ((1, 88, 128, 17), []),
    "series_mr_oblique_and_syntaxes/volume": ((1, 256, 256, 20), ["gantry_tilt", "uneven_spacing"]),
    "series_t1_and_enhanced/dicom": ((1, 512, 512, 3), []),
    "series_t1_and_enhanced/enh.dcm": ((1, 64, 64, 6), []),
    "enhanced_mr/In/Philips": ((2, 64, 64, 32), ["several_images"]),
    "enhanced_mr/In/Siemens/XA10": ((4, 64, 64, 6), ["several_images"]),
    "nicom_gz/nicom/tests/data/philips_mprage.dcm.gz": ((1, 256, 256, 176), []),
    "nicom_gz/nicom/tests/data/siemens_dwi_0.dcm.gz": ((1, 896, 896, 1), []),
    "nicom_gz/nicom/tests/data/decimal_rescale.dcm": ((1, 128, 96, 1), []),
    "rtstruct/oriented_data": ((1, 100, 50, 3), []),
    "seg_dcmqi/data/segmentations/ct-3slice": ((1, 512, 512, 3), ["padding"]),
    "seg_dcmqi/data/segmentations/24x38x3/image": ((1, 24, 38, 3), []),
    "seg_dcmqi/data/segmentations/24x38x3/multiframe": ((1, 24, 38, 3), []),
    "seg_prostate_and_broken/test/invalid-vr-length-test.dcm": ((1, 256, 256, 8), []),
    "seg_highdicom/dx_image.dcm": ((1, 211, 169, 1), ["no_geometry", "inverted"]),
}
REFUSED = {
    "not_a_volume/gantrytilting/001": (["gantry_tilt"], "14.0 degrees"),
    "not_a_volume/notavolume/001": (["one_position"], "4 slices at one position"),
    "not_a_volume/slicecount/001": (["too_few_slices"], "2 slices"),
    "not_a_volume/sliceincrement/001": (["missing_slices"], "1 of 5 slices missing"),
    "not_a_volume/sliceincrement/002": (["gantry_tilt", "missing_slices"], "15.5 degrees"),
    "not_a_volume/sliceorientation/001": (["mixed_orientations"], "2 orientations"),
    "rtstruct/empty": (["not_an_image"], "contours"),
    "rtstruct_10_roi/example_data/rtss.dcm": (["not_an_image"], "contours"),
    "seg_dcmqi/data/segmentations/liver.dcm": (["not_an_image"], "a segmentation"),
    "seg_highdicom/seg_image_ct_true_fractional.dcm": (["not_an_image"], "a segmentation"),
    "seg_highdicom/sm_image.dcm": (["not_an_image"], "a microscope slide"),
    "transfer_syntaxes/testImages/no-pixel-data.dcm": (["not_an_image"], "a structured report"),
    "transfer_syntaxes/testImages/US-YBR_FULL_422-EVRLE.dcm": (["colour_image"], "3 sample(s)"),
    "transfer_syntaxes/testImages/no-pixel-spacing.dcm": (["colour_image"], "1 sample(s)"),
    "pydicom_suite/test_files/rtdose.dcm": (["not_an_image"], "a radiation dose"),
    "pydicom_suite/test_files/SC_rgb_rle.dcm": (["colour_image"], "3 sample(s)"),
    "series_mr_oblique_and_syntaxes/jpeg_baseline_8bit.dcm": (["missing_position"], "96 of 96 frames"),
}
DAMAGED = {
    "git_lfs_pointers/dicom_series_data/HN": "a Git LFS pointer",
    "pydicom_suite/test_files/MR_truncated.dcm": "8,130 bytes of pixels where 8,192 were expected",
    "pydicom_suite/test_files/rtplan_truncated.dcm": "truncated",
    "pydicom_suite/test_files/no_meta.dcm": "no DICOM file",
}


def files(path: Path) -> tuple[Path, ...]:
    if path.is_file():
        return (path,)
    return tuple(sorted(file for file in path.iterdir() if file.suffix not in {".txt", ".gz"}))


@pytest.mark.parametrize("name", WITH_NIFTI)
def test_a_series_equals_the_nifti_its_owner_made(real_data: Path, name: str) -> None:
    image = DICOM.read(files(real_data / "dicom" / name))
    expected = nibabel.Nifti1Image.from_filename(real_data / "dicom" / f"{name}_ground_truth.nii.gz")
    whole = np.asarray(expected.dataobj)
    whole = whole if whole.ndim == 4 else whole[..., np.newaxis]
    canonical = nibabel.as_closest_canonical(nibabel.Nifti1Image(whole, expected.affine))
    ours = np.stack([image.grid.to_ras(image.values(channel)) for channel in range(image.channels)], -1)
    assert np.array_equal(ours, np.asarray(canonical.dataobj))
    geometry = image.grid.geometry()
    assert geometry is not None
    np.testing.assert_allclose(geometry.affine, canonical.affine, atol=2e-5)  # NIfTI keeps seven digits


@pytest.mark.parametrize("name", READ)
def test_what_is_a_volume_is_read(real_data: Path, name: str) -> None:
    shape, odd = READ[name]
    image = DICOM.read(files(real_data / "dicom" / name))
    assert image.stored.shape == shape
    assert [finding.code for finding in image.findings] == odd


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_none_is_refused_with_the_reason(real_data: Path, name: str) -> None:
    codes, words = REFUSED[name]
    with pytest.raises(InputRefusedError) as error:
        DICOM.read(files(real_data / "dicom" / name))
    assert [finding.code for finding in error.value.findings] == codes
    assert words in error.value.findings[0].found


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_is_said_to_be(real_data: Path, name: str) -> None:
    with pytest.raises(DamagedFileError, match=re.escape(DAMAGED[name])):
        DICOM.read(files(real_data / "dicom" / name))


SYNTAXES = "transfer_syntaxes/testImages"
UNREADABLE = {"51", "53", "55", "57", "70"}  # JPEG of 12 bits, progressive and lossless


def test_one_slice_in_fifteen_syntaxes(real_data: Path) -> None:
    plain: dict[str, Array] = {}
    close: dict[str, Array] = {}
    refused = set()
    for file in sorted((real_data / "dicom" / SYNTAXES).glob("CTImage.dcm_*")):
        syntax = file.name.split("_")[-1].removesuffix(".dcm").rpartition(".")[2]
        try:
            image = DICOM.read((file,))
        except InputRefusedError as error:
            refused.add((syntax, error.findings[0].code))
        else:
            (close if syntax in {"50", "81", "91"} else plain)[syntax] = image.values(0).astype(float)
    assert refused == {(syntax, "unsupported_syntax") for syntax in UNREADABLE}
    first = plain["1"]
    assert {*plain} == {"2", "1", "99", "5", "80", "90"}
    assert all(np.array_equal(values, first) for values in plain.values())
    assert {syntax: float(np.abs(values - first).mean()) < 20 for syntax, values in close.items()} == dict.fromkeys(
        ("50", "81", "91"), True
    )


@pytest.mark.slow
def test_every_other_file_gives_the_pixels_that_pydicom_gives(real_data: Path) -> None:
    compared = 0
    for file in sorted((real_data / "dicom").rglob("*")):
        if not file.is_file() or file.suffix == ".gz":
            continue
        try:
            image = DICOM.read((file,))
        except (DamagedFileError, InputRefusedError):
            continue
        if image.channels > 1 or {finding.code for finding in image.findings} & {"padding", "inverted"}:
            continue
        ours, theirs = image.stored[0].transpose(2, 1, 0), by_pydicom(file)
        # frames may be stored from the last place on
        assert np.array_equal(ours, theirs) or np.array_equal(ours[::-1], theirs), file.name
        compared += 1
    assert compared > 300


def by_pydicom(file: Path) -> Array:
    import pydicom

    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pixels = pydicom.dcmread(file, force=True).pixel_array
    return pixels if pixels.ndim == 3 else pixels[np.newaxis]
