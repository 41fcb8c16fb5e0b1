"""A real study, from four raw series to one 1 mm grid, brain only; judged by another pipeline's brain."""

from __future__ import annotations

import io
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from benchmarks.clinical_study.study import (
    Timed,
    against_prepared,
    harmonised,
    raw_series,
    ventricle_shifts_mm,
)
from core.data.load import same_grid
from core.harmonise.picture import before_and_after

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def study(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Timed:
    return harmonised(raw_series(real_data), tmp_path_factory.mktemp("weights"))


def test_three_grids_become_one_of_cubic_millimetres(study: Timed) -> None:
    pairs = combinations(study.images, 2)
    shared = [pair for pair in pairs if same_grid(*(study.images[name].grid for name in pair))]
    assert shared == [("t1n", "t1c")]
    volume = study.done.volume
    assert volume.modalities == ("t1n", "t1c", "t2w", "t2f")
    assert volume.shape == (230, 202, 143)
    assert volume.geometry is not None
    np.testing.assert_allclose(volume.geometry.spacing_mm, 1)


def test_equal_grids_did_not_mean_aligned_heads(study: Timed) -> None:
    turned = {step.series: step.numbers["turned_degrees"] for step in study.done.steps if step.name == "register"}
    assert turned["t1n"] > 5


def test_nothing_speaks_against_the_outcome(study: Timed) -> None:
    assert study.done.findings == ()


def test_the_brain_is_the_one_another_pipeline_found(study: Timed, real_data: Path) -> None:
    found = against_prepared(study.done, real_data)
    assert found["dice"] >= 0.95
    assert found["ours_ml"] == pytest.approx(found["prepared_ml"], rel=0.05)


def test_the_ventricles_of_all_series_lie_in_one_place(study: Timed) -> None:
    shifts = ventricle_shifts_mm(study.done)
    assert set(shifts) == {"t1n", "t2w", "t2f"}
    assert all(np.linalg.norm(shift) < 2 for shift in shifts.values()), shifts


def test_outside_the_brain_there_is_nothing(study: Timed) -> None:
    assert study.done.brain is not None
    assert not study.done.volume.voxels[:, ~study.done.brain].any()


def test_the_picture_can_be_drawn(study: Timed) -> None:
    picture = Picture.open(io.BytesIO(before_and_after(study.images, study.done)))
    assert picture.width > 1000
