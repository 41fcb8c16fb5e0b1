"""Inflation is bounded, and nothing damaged passes for whole."""

from __future__ import annotations

import bz2
import gzip
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from isal import igzip

from core.data.formats import gzip_bounded
from core.data.formats.gzip_bounded import CHUNK, BoundedReader, DamagedFileError, Packing

CONTENT = np.random.default_rng(3).integers(0, 5, 40_000, dtype=np.uint8).tobytes()


def inflated(path: Path, packing: Packing | None = None) -> bytes:
    with BoundedReader(path, packing=packing) as reader:
        return reader.rest(len(CONTENT) * 3)


def test_plain_and_compressed_files_give_the_same_bytes_whatever_they_are_called(tmp_path: Path) -> None:
    (tmp_path / "plain.gz").write_bytes(CONTENT)
    (tmp_path / "packed").write_bytes(gzip.compress(CONTENT))
    assert inflated(tmp_path / "plain.gz") == inflated(tmp_path / "packed") == CONTENT


@pytest.mark.parametrize(("packing", "pack"), [("gzip", gzip.compress), ("bzip2", bz2.compress)])
def test_a_cut_file_is_refused_wherever_it_is_cut(
    tmp_path: Path, packing: Packing, pack: Callable[[bytes], bytes]
) -> None:
    whole = pack(CONTENT)
    cuts = [2, len(whole) - 1, *random.Random(0).sample(range(3, len(whole) - 1), 60)]
    for cut in cuts:
        (tmp_path / "cut").write_bytes(whole[:cut])
        with pytest.raises(DamagedFileError, match=r"ends before its end mark|corrupt"):
            inflated(tmp_path / "cut", packing)


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
    monkeypatch.setattr(igzip, "READ_BUFFER_SIZE", len(first) + into_the_second)
    monkeypatch.setattr(gzip_bounded, "CHUNK", len(CONTENT) + into_the_second)
    assert inflated(tmp_path / "two.gz") == CONTENT + CONTENT[::-1]


def test_zeros_after_the_data_are_padding_and_anything_else_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gzip_bounded, "CHUNK", 1000)
    packed, path = gzip.compress(CONTENT), tmp_path / "padded.gz"
    path.write_bytes(packed + b"\0" * 5000)
    assert inflated(path) == CONTENT
    path.write_bytes(packed + b"\0" * 5000 + b"junk, and more of it")
    with pytest.raises(DamagedFileError, match="not gzip follow"):
        inflated(path)
    path.write_bytes(packed + b"j")
    with pytest.raises(DamagedFileError):
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
    with BoundedReader(tmp_path / "exact.gz") as reader:
        assert reader.read_array(len(content)).tobytes() == content
        reader.finish(spare=0)


def test_a_reader_gives_what_is_asked_and_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "ten"
    path.write_bytes(b"0123456789")
    with BoundedReader(path) as reader:
        assert [reader.read(3), reader.read(0), reader.read(4)] == [b"012", b"", b"3456"]
        with pytest.raises(DamagedFileError, match="3 bytes where 4 were expected"):
            reader.read_array(4)
        with pytest.raises(DamagedFileError, match="3 bytes where 4 were expected"):
            reader.read(4)


def test_content_may_start_behind_a_header_of_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "packed"
    path.write_bytes(b"a line\n" + gzip.compress(CONTENT))
    with BoundedReader(path, start=7) as reader:
        assert reader.read_array(len(CONTENT)).tobytes() == CONTENT
    with BoundedReader(path, start=2) as reader:
        assert reader.read(5) == b"line\n"


def test_a_reader_finishes_only_when_little_follows(tmp_path: Path) -> None:
    path = tmp_path / "ten"
    path.write_bytes(b"0123456789")
    with BoundedReader(path) as reader:
        reader.read(6)
        reader.finish(spare=4)
    with BoundedReader(path) as reader:
        reader.read(5)
        with pytest.raises(DamagedFileError, match="more than 4 bytes follow"):
            reader.finish(spare=4)


def test_an_array_is_allocated_at_once_only_where_the_file_says_that_it_is_as_long(tmp_path: Path) -> None:
    """5 kB that claim to be 3 GB: by their last bytes, which lie, and without such a lie."""
    lying = bytearray(gzip.compress(CONTENT[:9000]))
    lying[-4:] = (3 << 30).to_bytes(4, "little")
    for name, content in (("lying", lying), ("honest", gzip.compress(CONTENT[:9000]))):
        (tmp_path / name).write_bytes(content)
        tracemalloc.start()
        with BoundedReader(tmp_path / name) as reader, pytest.raises(DamagedFileError):
            reader.read_array(3 << 30)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * CHUNK, name


def test_several_members_and_padding_make_one_array_though_the_last_bytes_do_not_say_so(tmp_path: Path) -> None:
    path = tmp_path / "two.gz"
    path.write_bytes(gzip.compress(CONTENT) + gzip.compress(CONTENT[::-1]) + bytes(100))
    with BoundedReader(path) as reader:
        assert reader.read_array(2 * len(CONTENT)).tobytes() == CONTENT + CONTENT[::-1]
        reader.finish(spare=0)


def test_a_bomb_is_left_alone_after_the_first_chunk_that_is_too_many(tmp_path: Path) -> None:
    """64 MiB of zeros in 64 kB: what follows the voxels is inflated no further than the limit needs."""
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"\0" * (64 << 20), 1))
    tracemalloc.start()
    with BoundedReader(path) as reader:
        reader.read(100)
        with pytest.raises(DamagedFileError, match="follow the voxels"):
            reader.finish(spare=4096)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * CHUNK
