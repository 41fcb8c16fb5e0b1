"""A NIfTI file holds the voxels in its own order however they lie in memory, and is written without a copy of them."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from core.data.formats import nifti_write as module
from core.data.formats.grid import grid_from_affine
from core.data.formats.nifti_write import write_nifti
from core.volume import Array

SHAPE = (5, 7, 11)
NUMBERS = np.arange(5 * 7 * 11, dtype=np.uint16).reshape(SHAPE)
MIB = 1024**2


def written(path: Path, voxels: Array) -> Array:
    write_nifti(path, voxels, grid_from_affine(voxels.shape[:3], np.eye(4)))
    return np.asarray(nib.load(path).dataobj)  # type: ignore[attr-defined]


@pytest.mark.parametrize("slab", [1, 3 * 35 * 2, 1 << 24], ids=["slice by slice", "three slices", "all at once"])
@pytest.mark.parametrize(
    "voxels",
    [
        NUMBERS,
        np.asfortranarray(NUMBERS),
        NUMBERS[::-1, :, ::-1],
        np.ascontiguousarray(NUMBERS.transpose(2, 0, 1)).transpose(1, 2, 0),
        NUMBERS[:, :, :1],
        NUMBERS[:1, :1],
        np.stack([NUMBERS, NUMBERS + 1], axis=-1),
        np.asfortranarray(np.stack([NUMBERS, NUMBERS + 1], axis=-1)),
    ],
    ids=["C", "Fortran", "mirrored", "turned", "one slice", "one line", "two volumes", "two in Fortran's order"],
)
def test_voxels_are_read_back_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, voxels: Array, slab: int
) -> None:
    monkeypatch.setattr(module, "SLAB_BYTES", slab)
    assert (written(tmp_path / "a.nii.gz", voxels) == voxels).all()


def test_the_same_voxels_give_the_same_bytes_whatever_the_file_is_called(tmp_path: Path) -> None:
    for name in ("a", "b"):
        written(tmp_path / f"{name}.nii.gz", NUMBERS)
    content = (tmp_path / "a.nii.gz").read_bytes()
    assert content == (tmp_path / "b.nii.gz").read_bytes()
    assert content[3:8] == bytes(5), "no name and no time in the header of gzip"
    assert gzip.decompress(content)[-2:] == NUMBERS.flat[-1].tobytes()


def test_a_mask_is_written_without_a_copy_of_it(tmp_path: Path) -> None:
    labels = np.zeros((256, 256, 1024), np.uint8)  # 64 MiB, the last axis fastest as all masks lie in memory
    written(tmp_path / "warm.nii.gz", NUMBERS)
    tracemalloc.start()
    try:
        write_nifti(tmp_path / "a.nii.gz", labels, grid_from_affine(labels.shape, np.eye(4)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * module.SLAB_BYTES + 4 * MIB
