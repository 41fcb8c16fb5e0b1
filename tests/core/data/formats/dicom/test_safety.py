"""A hostile header costs neither memory nor time, and what is no DICOM is said to be none."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

from core.data import limits
from core.data.formats.dicom import DICOM, header
from core.data.formats.dicom.header import looks_like_dicom, read_header
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.refusal import InputRefusedError
from tests.core.data.formats.dicom.series_files import enhanced, numbers, save, slice_dataset, write_series

MIB = 2**20


def meta(syntax: bytes) -> bytes:
    """A preamble and the one element of meta information that matters."""
    syntax += b"\0" * (len(syntax) % 2)
    return b"\0" * 128 + b"DICM" + struct.pack("<HH2sH", 2, 0x10, b"UI", len(syntax)) + syntax


@pytest.mark.parametrize("compressed", [False, True])
def test_a_claim_of_60000_pixels_squared_allocates_nothing(tmp_path: Path, compressed: bool) -> None:
    data = slice_dataset(numbers()[0], (0, 0, 0))
    data.Rows = data.Columns = 60_000
    if compressed:
        data.PixelData = encapsulate([b"\0" * 100])
        data["PixelData"].is_undefined_length = True
    path = save(data, tmp_path / "a.dcm", *([RLELossless] if compressed else []))
    DICOM.read(write_series(tmp_path / "first"))  # what is imported once is not counted
    tracemalloc.start()
    with pytest.raises(DamagedFileError, match="60,000 rows and 60,000 columns; expected 1 to 8,192 of each"):
        DICOM.read((path,))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MIB


def test_a_claim_of_many_frames_is_bounded(tmp_path: Path) -> None:
    data = enhanced(numbers())
    data.NumberOfFrames, data.Rows, data.Columns = 100_000, 8000, 8000
    with pytest.raises(DamagedFileError, match=r"100,000 frames of 8,000 x 8,000 pixels"):
        DICOM.read((save(data, tmp_path / "a.dcm"),))


def test_a_series_of_large_slices_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write_series(tmp_path)
    monkeypatch.setattr(limits, "MAX_VOLUME_BYTES", 4 * 5 * 6 * 2 - 1)
    with pytest.raises(DamagedFileError, match="a series of 240 bytes"):
        DICOM.read(files)


def test_frames_and_their_groups_must_agree(tmp_path: Path) -> None:
    data = enhanced(numbers())
    data.NumberOfFrames = 3
    with pytest.raises(DamagedFileError, match="4 groups of frame attributes for 3 frames"):
        DICOM.read((save(data, tmp_path / "a.dcm"),))


def test_too_many_files_are_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SERIES_FILES", 2)
    with pytest.raises(DamagedFileError, match="3 files of one series"):
        DICOM.read((Path("a"), Path("b"), Path("c")))


def test_sequences_nested_without_end_stop_at_a_depth(tmp_path: Path) -> None:
    opened = struct.pack("<HH2s2xI", 0x0040, 0xA730, b"SQ", 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    path = tmp_path / "a.dcm"
    path.write_bytes(meta(b"1.2.840.10008.1.2.1") + opened * 5000)
    with pytest.raises(DamagedFileError, match="nested more than 16 deep"):
        read_header(path)


def test_a_header_of_countless_elements_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.data.formats.dicom.elements.limits.MAX_DICOM_ELEMENTS", 100)
    monkeypatch.setattr("core.data.formats.dicom.elements._Budget.__init__.__defaults__", (100,))
    path = tmp_path / "a.dcm"
    path.write_bytes(meta(b"1.2.840.10008.1.2.1") + struct.pack("<HH2sH", 0x0009, 0x10, b"LO", 0) * 200)
    with pytest.raises(DamagedFileError, match="more than 100 elements"):
        read_header(path)


def test_a_length_beyond_the_file_is_a_truncated_file(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(meta(b"1.2.840.10008.1.2.1") + struct.pack("<HH2s2xI", 0x0009, 0x10, b"OB", 4_000_000_000))
    with pytest.raises(DamagedFileError, match="truncated"):
        read_header(path)


def test_a_deflated_bomb_stops_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deflater = zlib.compressobj(9, wbits=-15)
    packed = deflater.compress(b"\0" * (32 * MIB)) + deflater.flush()
    path = tmp_path / "a.dcm"
    path.write_bytes(meta(b"1.2.840.10008.1.2.1.99") + packed)
    monkeypatch.setattr(header, "MAX_FILE_BYTES", MIB)
    with pytest.raises(DamagedFileError, match="inflates to more than 1,048,576 bytes"):
        read_header(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 526068\n", "a Git LFS pointer"),
        (b"just a text file about nothing in particular", "no DICOM file"),
        (b"", "no DICOM file"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03broken", "corrupt|ends"),
    ],
)
def test_what_is_no_dicom_is_said_to_be_none(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(content)
    assert not looks_like_dicom(path)
    with pytest.raises(DamagedFileError, match=words):
        DICOM.read((path,))


@pytest.mark.parametrize("seed", range(3))
def test_flipped_bytes_never_end_in_anything_but_a_sentence(tmp_path: Path, seed: int) -> None:
    (file, *_) = write_series(tmp_path)
    whole, random = file.read_bytes(), np.random.default_rng(seed)
    outcomes = set()
    for _ in range(150):
        broken = bytearray(whole)
        for at in random.integers(128, len(whole), 3):
            broken[at] = random.integers(256)
        file.write_bytes(broken)
        try:
            DICOM.read((file,))
            outcomes.add("read")
        except DamagedFileError:
            outcomes.add("damaged")
        except InputRefusedError:
            outcomes.add("refused")
    assert outcomes == {"read", "damaged", "refused"}


def test_no_files_are_no_series() -> None:
    with pytest.raises(DamagedFileError, match="no files"):
        DICOM.read(())
