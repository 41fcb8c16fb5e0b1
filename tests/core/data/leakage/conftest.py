"""Made-up heads with an inside of their own, cut into slices and stored: hundreds of them in a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from core.case import Case
from core.data.leakage.fingerprints import fingerprint
from core.data.store import SlicedCase, slice_case, write_case
from core.volume import Grid, Volume

Array = npt.NDArray[Any]
Heads = Callable[[int, int], dict[str, Array]]

SHAPE = (72, 80)
MODALITIES = ("t1n", "t2f")


def head(seed: int, slices: int) -> Array:
    """Return (2, 72, 80, slices) int16: one outline for everybody, folds and a tumour of this seed's own."""
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    x, y, z = np.meshgrid(*(np.linspace(-1.1, 1.1, n) for n in SHAPE), np.linspace(-0.7, 0.7, slices), indexing="ij")
    inside = x**2 + y**2 + 0.5 * z**2 < 1
    folds = ndimage.gaussian_filter(rng.normal(size=(*SHAPE, slices)), (3, 3, 2))
    folds /= folds.std()
    channels = [1000 + 150 * folds, 700 - 100 * folds + 60 * np.roll(folds, 7, axis=0)]
    return np.where(inside, np.stack(channels), 0).astype(np.int16)


def stored(folder: Path, case_id: str, voxels: Array, reference: Array | None = None) -> SlicedCase:
    """Write (C, X, Y, Z) into a slice store as an import does."""
    count, *shape = voxels.shape
    grid = Grid((shape[0], shape[1], shape[2]), np.eye(4))
    volume = Volume(voxels, MODALITIES[:count], (1.0,) * count, (0.0,) * count, grid.geometry(), grid)
    sliced = slice_case(case_id, volume, reference, "axial")
    write_case(folder / case_id, sliced)
    return sliced


def case(case_id: str, group: str | None = None) -> Case:
    return Case(case_id, case_id, group or case_id, "patient", {})


@pytest.fixture(scope="session")
def heads() -> dict[str, Array]:
    """Six patients of 50 slices; not to be changed."""
    return {f"p{number}": head(number, 50) for number in range(6)}


@pytest.fixture(scope="session")
def stored_once(heads: dict[str, Array], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A slice store of the six, with their fingerprints; not to be changed."""
    folder = tmp_path_factory.mktemp("store")
    for name, voxels in heads.items():
        stored(folder, name, voxels)
        fingerprint(folder / name)
    return folder
