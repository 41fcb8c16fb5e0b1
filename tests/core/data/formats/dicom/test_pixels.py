"""Pixels come out as they went in, in every way of storing them, or are refused before they are decoded."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, fragment_frame, itemize_fragment
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from core.data.formats.dicom import DICOM
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.refusal import InputRefusedError
from core.volume import Array
from tests.core.data.formats.dicom.series_files import enhanced, numbers, save, set_all, slice_dataset, write_series


def one(pixels: Array) -> Dataset:
    return slice_dataset(pixels, (0, 0, 0))


def read_back(path: Path) -> Array:
    return DICOM.read((path,)).stored[0, :, :, 0].T


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4"])
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_plain_pixels_of_every_type(tmp_path: Path, syntax: str, dtype: str) -> None:
    info = np.iinfo(dtype)
    pixels = np.random.default_rng(1).integers(info.min, info.max, (7, 9), dtype, endpoint=True)
    data = one(pixels)
    if syntax == ExplicitVRBigEndian:
        data.PixelData = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    found = read_back(save(data, tmp_path / "a.dcm", syntax))
    assert found.dtype == pixels.dtype
    assert np.array_equal(found, pixels)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2"])
@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_lossless_compression_gives_the_same_numbers(tmp_path: Path, syntax: str, dtype: str) -> None:
    info = np.iinfo(dtype)
    pixels = np.random.default_rng(2).integers(info.min, info.max, (40, 33), dtype, endpoint=True)
    pixels[:9] = 3  # runs longer than a row
    path = save(one(pixels), tmp_path / "a.dcm")
    data = dcmread(path)
    data.compress(syntax)
    data.save_as(path)
    assert np.array_equal(read_back(path), pixels)


def test_twelve_signed_bits_keep_their_sign_through_jpeg_2000(tmp_path: Path) -> None:
    pixels = np.arange(-2048, 2048, dtype=np.int16).reshape(64, 64)
    data = one(pixels)
    data.BitsStored, data.HighBit = 12, 11
    path = save(data, tmp_path / "a.dcm")
    whole = dcmread(path)
    whole.compress(JPEG2000Lossless)
    whole.save_as(path)
    assert np.array_equal(read_back(path), pixels)


@pytest.mark.parametrize("sign", ["i2", "u2"])
def test_bits_beyond_those_stored_are_cleared(tmp_path: Path, sign: str) -> None:
    pixels = np.array([[-2048, -1, 0, 1, 2047]] if sign == "i2" else [[0, 1, 2047, 2048, 4095]], sign)
    data = one(pixels)
    data.BitsStored, data.HighBit = 12, 11
    data.PixelData = (pixels & 0x0FFF | 0x5000).astype("u2").tobytes()  # an overlay in the upper bits
    assert np.array_equal(read_back(save(data, tmp_path / "a.dcm")), pixels)


def test_values_that_stand_in_the_upper_bits_are_shifted_down(tmp_path: Path) -> None:
    pixels = np.array([[0, 1, 2, 4095]], "u2")
    data = one(pixels)
    data.BitsStored, data.HighBit = 12, 15
    data.PixelData = (pixels << 4 | 0x000A).astype("u2").tobytes()
    assert np.array_equal(read_back(save(data, tmp_path / "a.dcm")), pixels)


def jpeg(pixels: Array) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90)
    return stream.getvalue()


@pytest.mark.parametrize("fragments", [1, 3])
@pytest.mark.parametrize("table", [True, False])
def test_jpeg_frames_in_fragments(tmp_path: Path, fragments: int, table: bool) -> None:
    voxels = np.random.default_rng(3).integers(0, 255, (3, 24, 16), np.uint8)
    coded = [jpeg(frame) for frame in voxels]
    data = enhanced(voxels)
    if table:
        data.PixelData = encapsulate(coded, fragments_per_frame=fragments)
    else:
        pieces = b"".join(itemize_fragment(part) for frame in coded for part in fragment_frame(frame, fragments))
        data.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0" + pieces + b"\xfe\xff\xdd\xe0\0\0\0\0"
    data["PixelData"].is_undefined_length = True
    path = save(data, tmp_path / "a.dcm", JPEGBaseline8Bit)
    found = DICOM.read((path,)).stored[0].transpose(2, 1, 0)[::-1]  # the frames were written from the last place on
    expected = [np.asarray(Image.open(io.BytesIO(frame))) for frame in coded]
    assert np.array_equal(found, expected)


def test_gzip_and_no_preamble(tmp_path: Path) -> None:
    files = write_series(tmp_path)
    bare, packed = tmp_path / "bare", tmp_path / "packed.dcm.gz"
    bare.write_bytes(files[0].read_bytes()[132:])
    packed.write_bytes(gzip.compress(files[1].read_bytes()))
    image = DICOM.read((bare, packed, *files[2:]))
    assert np.array_equal(image.stored, DICOM.read(files).stored)


def test_a_file_that_ends_early_is_damaged(tmp_path: Path) -> None:
    path = save(one(numbers()[0]), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(DamagedFileError, match="53 bytes of pixels where 60 were expected"):
        DICOM.read((path,))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_compressed_pixels_that_end_early_are_damaged(tmp_path: Path, syntax: str) -> None:
    path = save(one(numbers((1, 32, 32))[0]), tmp_path / "a.dcm")
    data = dcmread(path)
    data.compress(syntax)
    data.save_as(path)
    whole = path.read_bytes()
    for share in (0.9, 0.97):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(DamagedFileError, match=r"truncated"):
            DICOM.read((path,))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless, JPEGBaseline8Bit])
def test_noise_in_place_of_compressed_pixels_is_damaged(tmp_path: Path, syntax: str) -> None:
    noise = np.random.default_rng(4).bytes(500)
    data = one(numbers((1, 32, 32), "u1")[0])
    data.PixelData = encapsulate([noise])
    data["PixelData"].is_undefined_length = True
    with pytest.raises(DamagedFileError):
        DICOM.read((save(data, tmp_path / "a.dcm", syntax),))


def test_a_codestream_of_another_size_is_not_decoded(tmp_path: Path) -> None:
    data = one(np.zeros((32, 32), np.uint8))
    data.PixelData = encapsulate([jpeg(np.zeros((2000, 2000), np.uint8))])
    data["PixelData"].is_undefined_length = True
    with pytest.raises(DamagedFileError, match="2,000 x 2,000 x 1; expected 32 x 32 x 1"):
        DICOM.read((save(data, tmp_path / "a.dcm", JPEGBaseline8Bit),))


def test_what_cannot_be_decompressed_is_refused_by_name(tmp_path: Path) -> None:
    data = one(np.zeros((32, 32), np.uint8))
    data.PixelData = encapsulate([b"\xff\xd8\xff\xd9"])
    data["PixelData"].is_undefined_length = True
    with pytest.raises(InputRefusedError) as error:
        DICOM.read((save(data, tmp_path / "a.dcm", JPEGLosslessSV1),))
    assert error.value.findings[0].code == "unsupported_syntax"
    assert error.value.findings[0].found == "pixels compressed as JPEG lossless, first-order prediction"


def test_a_scaled_series_gives_its_values(tmp_path: Path) -> None:
    image = DICOM.read(write_series(tmp_path, change=set_all(RescaleSlope=2, RescaleIntercept=-1000)))
    assert np.array_equal(image.values(0).transpose(2, 1, 0), numbers() * 2.0 - 1000)
