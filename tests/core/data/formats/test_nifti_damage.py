"""Four hundred damaged images and a thousand hostile headers: each is read exactly, or refused, and nothing else."""

from __future__ import annotations

import tracemalloc
import warnings
from pathlib import Path

import numpy as np

from benchmarks.reading.damage import cuts_and_flips, hostile_headers
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.nifti import read_nifti
from core.data.refusal import InputRefusedError
from tests.cases import write_nifti

REFUSALS = (DamagedFileError, InputRefusedError, OSError)
MOST_MEMORY = 50e6


def test_a_damaged_compressed_image_is_refused_or_read_exactly(tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).integers(0, 300, (20, 20, 10)).astype(np.int16)
    path = write_nifti(tmp_path / "x.nii.gz", voxels)
    content, grid = path.read_bytes(), read_nifti(path).grid.to_json()
    for damage in cuts_and_flips(content, 200):
        path.write_bytes(damage.content)
        try:
            found = read_nifti(path)
        except REFUSALS:
            continue
        assert not damage.what.startswith("cut"), damage.what
        assert np.array_equal(found.stored[0], voxels), damage.what
        assert found.grid.to_json() == grid, damage.what


def test_a_hostile_header_gives_an_image_or_a_refusal_and_takes_little_memory(tmp_path: Path) -> None:
    plain = write_nifti(tmp_path / "plain.nii", np.zeros((20, 20, 10), np.int16)).read_bytes()
    path = tmp_path / "x.nii"
    refused = 0
    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for damage in hostile_headers(plain, 1000):
            path.write_bytes(damage.content)
            try:
                image = read_nifti(path)
            except REFUSALS:
                refused += 1
            else:
                assert image.stored.shape[1:] == image.grid.shape, damage.what
                assert image.grid.geometry() is not None, damage.what
            assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY, damage.what
    tracemalloc.stop()
    assert 500 < refused < 1000, "most are refused, and those whose bytes mean little are read"
