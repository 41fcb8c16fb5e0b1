"""What tells a study as the scanner left it from one that was prepared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data.formats.nifti import read_nifti
from core.data.image import StoredImage, plain_image
from core.harmonise.noticing import why_raw
from core.volume import Grid
from tests.core.harmonise.phantom import FLAIR, T1C, grid, series

ONE, OTHER = grid((40, 50, 16), (4, 4, 8)), grid((38, 48, 13), (4.4, 4.4, 10), 10)


def bare_brain(on: Grid) -> StoredImage:
    image = series({"brain": 400}, on)
    return replace(image, stored=np.where(image.stored > 50, image.stored, 0))


def test_series_on_grids_of_their_own() -> None:
    assert why_raw({"t1c": bare_brain(ONE), "t2f": bare_brain(OTHER)}) == "2 series on 2 grids"


def test_a_head_with_its_skull_on_one_grid() -> None:
    """The scanner's noise is around it: hardly a voxel is exactly 0."""
    noisy = {name: series(contrast, ONE) for name, contrast in (("t1c", T1C), ("t2f", FLAIR))}
    assert why_raw(noisy).startswith("only ")
    assert why_raw(noisy).endswith("of the voxels exactly 0, as with a skull")


def test_a_bare_brain_on_one_grid_was_prepared() -> None:
    assert why_raw({"t1c": bare_brain(ONE), "t2f": bare_brain(ONE)}) == ""


def test_what_is_no_brain_scan_is_left_alone() -> None:
    """CT, pictures without geometry, and series of a few slices."""
    noisy = series(T1C, ONE)
    assert why_raw({"ct": noisy}) == ""
    assert why_raw({"t1c": plain_image(noisy.stored, Grid(ONE.shape))}) == ""
    flat = grid((40, 50, 3), (4, 4, 40))
    assert why_raw({"t1c": series(T1C, flat), "t2f": series(FLAIR, OTHER)}) == ""


@pytest.mark.parametrize("folder", ["brats_africa", "brats_2021"])
def test_real_prepared_cases_are_not_taken_for_raw_ones(real_data: Path, folder: str) -> None:
    case = next(path for path in sorted((real_data / folder).iterdir()) if len(list(path.glob("*.nii.gz"))) == 5)
    files = [path for path in sorted(case.glob("*.nii.gz")) if "seg" not in path.name][:2]
    assert why_raw(dict(zip(("t1c", "t2f"), map(read_nifti, files), strict=True))) == ""


def test_the_real_study_is_noticed(real_data: Path) -> None:
    raw = real_data / "clinical_study" / "TCGA-FG-6692" / "raw"
    patterns = {"t1c": "*_t1c.nii.gz", "t2w": "*_t2.nii.gz", "t2f": "*_fla.nii.gz"}
    images = {name: read_nifti(next(raw.glob(pattern))) for name, pattern in patterns.items()}
    assert why_raw(images) == "3 series on 3 grids"
    assert why_raw({"t1c": images["t1c"]}).endswith("as with a skull")
