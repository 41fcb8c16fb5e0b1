"""Inflation is bounded, and nothing damaged passes for whole."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import numpy as np
import pytest

from core.data.formats import gzip_bounded
from core.data.formats.gzip_bounded import BoundedReader, DamagedFileError, chunks

CONTENT = np.random.default_rng(3).integers(0, 5, 40_000, dtype=np.uint8).tobytes()


def inflated(path: Path) -> bytes:
    return b"".join(chunks(path))


def test_plain_and_compressed_files_give_the_same_bytes_whatever_they_are_called(tmp_path: Path) -> None:
    (tmp_path / "plain.gz").write_bytes(CONTENT)
    (tmp_path / "packed").write_bytes(gzip.compress(CONTENT))
    assert inflated(tmp_path / "plain.gz") == inflated(tmp_path / "packed") == CONTENT


def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    whole = gzip.compress(CONTENT)
    cuts = [2, len(whole) - 1, *random.Random(0).sample(range(3, len(whole) - 1), 60)]
    for cut in cuts:
        (tmp_path / "cut.gz").write_bytes(whole[:cut])
        with pytest.raises(DamagedFileError, match=r"ends before its end mark|corrupt"):
            inflated(tmp_path / "cut.gz")


def test_a_flipped_bit_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    """A bit of the time stamp in a gzip header may flip without harm; no bit of the content may."""
    whole = gzip.compress(CONTENT, mtime=0)
    chance = random.Random(0)
    harmless = 0
    for byte in [*range(2, 10), *chance.sample(range(10, len(whole)), 60)]:
        flipped = bytearray(whole)
        flipped[byte] ^= 1 << chance.randrange(8)
        (tmp_path / "flipped.gz").write_bytes(flipped)
        try:
            found = inflated(tmp_path / "flipped.gz")
        except DamagedFileError:
            continue
        assert found == CONTENT, f"byte {byte}"
        harmless += 1
    assert harmless <= 8, "only the header has bytes that mean nothing"


@pytest.mark.parametrize("field", ["checksum", "length"])
def test_a_wrong_checksum_or_length_is_refused(tmp_path: Path, field: str) -> None:
    packed = bytearray(gzip.compress(CONTENT))
    packed[-8 if field == "checksum" else -4] ^= 1
    (tmp_path / "wrong.gz").write_bytes(packed)
    with pytest.raises(DamagedFileError, match="corrupt gzip data"):
        inflated(tmp_path / "wrong.gz")


@pytest.mark.parametrize("into_the_second", range(-2, 4))
def test_members_one_after_another_are_one_file_wherever_a_chunk_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, into_the_second: int
) -> None:
    first, second = gzip.compress(CONTENT), gzip.compress(CONTENT[::-1])
    (tmp_path / "two.gz").write_bytes(first + second)
    monkeypatch.setattr(gzip_bounded, "CHUNK", len(first) + into_the_second)
    assert inflated(tmp_path / "two.gz") == CONTENT + CONTENT[::-1]


def test_zeros_after_the_data_are_padding_and_anything_else_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gzip_bounded, "CHUNK", 1000)
    packed, path = gzip.compress(CONTENT), tmp_path / "padded.gz"
    path.write_bytes(packed + b"\0" * 5000)
    assert inflated(path) == CONTENT
    path.write_bytes(packed + b"\0" * 5000 + b"junk")
    with pytest.raises(DamagedFileError, match="not gzip follow"):
        inflated(path)


@pytest.mark.parametrize("beyond", range(-9, 10))
def test_output_that_fills_the_chunk_exactly_is_not_taken_for_a_cut_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beyond: int
) -> None:
    """An inflater may hold output back when its buffer is full and its input used up."""
    monkeypatch.setattr(gzip_bounded, "CHUNK", 2048)
    content = CONTENT[: 4 * 2048 + beyond]
    (tmp_path / "exact.gz").write_bytes(gzip.compress(content, 1))
    assert inflated(tmp_path / "exact.gz") == content


def test_a_reader_gives_what_is_asked_and_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "ten"
    path.write_bytes(b"0123456789")
    reader = BoundedReader(path)
    assert [reader.read(3), reader.read(0), reader.read(4)] == [b"012", b"", b"3456"]
    with pytest.raises(DamagedFileError, match="3 bytes where 4 were expected"):
        reader.read(4)


def test_a_reader_finishes_only_when_little_follows(tmp_path: Path) -> None:
    path = tmp_path / "ten"
    path.write_bytes(b"0123456789")
    reader = BoundedReader(path)
    reader.read(6)
    reader.finish(spare=4)
    reader = BoundedReader(path)
    reader.read(5)
    with pytest.raises(DamagedFileError, match="more than 4 bytes follow"):
        reader.finish(spare=4)


def test_a_bomb_is_left_alone_after_the_first_chunk_that_is_too_many(tmp_path: Path) -> None:
    """64 MiB of zeros in 64 kB: what follows the voxels is inflated no further than the limit needs."""
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"\0" * (64 << 20), 1))
    reader = BoundedReader(path)
    read = 0
    blocks = reader._chunks

    def counted() -> object:
        nonlocal read
        for block in blocks:
            read += len(block)
            yield block

    reader._chunks = counted()  # type: ignore[assignment]
    reader.read(100)
    with pytest.raises(DamagedFileError, match="follow the voxels"):
        reader.finish(spare=4096)
    assert read <= 4 << 20
