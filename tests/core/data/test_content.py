"""A content hash knows voxels and nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.data.content import channel_hash, content_hashes, input_hash
from core.data.layouts import read_layout
from core.data.load import load_case
from core.volume import Grid, Volume
from tests.cases import AFFINES, write_case

STORED = np.arange(24, dtype=np.int16).reshape(1, 2, 3, 4)
VOLUME = Volume(STORED, ("t1n",), (1.0,), (0.0,), None, Grid((2, 3, 4)))


def test_the_hash_is_sha256_of_shape_and_little_endian_float32_values() -> None:
    by_hand = hashlib.sha256(np.array([2, 3, 4], "<i8").tobytes() + STORED.astype("<f4").tobytes()).hexdigest()
    assert channel_hash(VOLUME, 0) == by_hand
    assert content_hashes(VOLUME) == {"t1n": by_hand}


def test_the_same_values_hash_alike_however_they_are_stored() -> None:
    halved = replace(VOLUME, voxels=(STORED * 2).astype(np.float32), slope=(0.5,))
    assert channel_hash(halved, 0) == channel_hash(VOLUME, 0)


def test_the_same_numbers_in_another_shape_are_another_image() -> None:
    assert channel_hash(replace(VOLUME, voxels=STORED.reshape(1, 4, 3, 2)), 0) != channel_hash(VOLUME, 0)


def test_names_headers_and_masks_play_no_part(tmp_path: Path) -> None:
    turned = AFFINES["RAS"].copy()
    turned[:3, 3] += 50
    write_case(tmp_path / "one", "a", 1)
    write_case(tmp_path / "two", "another_name", 1, affine=turned, old_names=True, suffix=".nii", without=("seg",))
    hashes = [content_hashes(load_case(read_layout(folder).cases[0], None).volume) for folder in tmp_path.iterdir()]
    assert hashes[0] == hashes[1]


def test_a_constant_channel_identifies_nobody_and_has_no_hash() -> None:
    assert content_hashes(replace(VOLUME, voxels=np.full_like(STORED, 3))) == {}


def test_an_input_is_the_channels_a_model_reads_in_its_order() -> None:
    hashes = {"a": "1", "b": "2", "c": "3"}
    assert input_hash(hashes, ("a", "b")) == hashlib.sha256(b"1\n2").hexdigest()
    assert input_hash(hashes, ("a", "b")) != input_hash(hashes, ("b", "a"))
    assert input_hash(hashes, ("a", "d")) == hashlib.sha256(b"1\nconstant").hexdigest()
