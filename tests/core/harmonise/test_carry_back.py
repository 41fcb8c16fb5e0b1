"""Probabilities on the common grid come back to each series's own voxels."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from core.data.formats.grid import grid_from_affine
from core.harmonise.carry_back import carried_back
from core.harmonise.quality import dice
from core.harmonise.resample import grid_over, resample
from core.volume import Grid
from tests.core.harmonise.phantom import grid, inside, moved, places

COMMON = grid_from_affine((10, 8, 12), np.diag([1.0, 1.0, 1.0, 1.0]))


def numbered(shape: tuple[int, int, int] = (10, 8, 12)) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def test_on_the_same_grid_nothing_changes() -> None:
    values = numbered()
    assert np.array_equal(carried_back([values], COMMON, np.eye(4), COMMON)[0], values)


def test_a_series_that_runs_the_other_way_gets_them_in_its_own_order() -> None:
    """LPS: both first axes run backwards through the same voxels."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    affine[:3, 3] = (9, 7, 0)
    values = numbered()
    found = carried_back([values], COMMON, np.eye(4), grid_from_affine((10, 8, 12), affine))
    assert np.array_equal(found[0], values[::-1, ::-1])


def test_between_voxels_it_is_interpolated() -> None:
    """A slice half-way between the voxels 1 and 2 gets the mean of both."""
    affine = np.diag([1.0, 1.0, 4.0, 1.0])
    affine[2, 3] = 1.5
    values = numbered()
    found = carried_back([values], COMMON, np.eye(4), grid_from_affine((10, 8, 3), affine))
    expected = np.stack([(values[..., k].astype(float) + values[..., k + 1]) / 2 for k in (1, 5, 9)], axis=2)
    assert np.abs(found[0] - expected).max() <= 0.5


def test_regions_are_carried_one_by_one() -> None:
    values = numbered()
    assert np.array_equal(carried_back([values, 255 - values], COMMON, np.eye(4), COMMON), [values, 255 - values])


def test_a_series_that_moved_gets_them_where_the_patient_then_lay() -> None:
    """The transform leads from the common grid into the series, and the mask has to go the same way."""
    motion = moved((5.0, -6.0, 3.0), 9.0)
    series = grid((110, 130, 26), (1.4, 1.4, 5), 10)
    common = grid_over(grid((160, 200, 32), (1, 1, 4)), 1.0)
    lesion = inside("lesion", places(common)).astype(np.uint8) * 255
    found = carried_back([lesion], common, motion, series)[0] >= 128
    truth = inside("lesion", places(series, motion))
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.95
    wrong = carried_back([lesion], common, np.linalg.inv(motion), series)[0] >= 128
    assert 2 * (wrong & truth).sum() / (wrong.sum() + truth.sum()) < 0.6


def test_on_thick_slices_it_is_nearer_to_the_truth_than_the_nearest_label() -> None:
    """Ten balls on tilted slices of 5.5 mm, against the voxels that lie mostly inside, sampled at 44 points each."""
    rng = np.random.default_rng(0)
    common = grid_from_affine((48, 48, 48), np.eye(4))
    index = np.indices(common.shape)
    own, nearest, volumes = [], [], []
    for _ in range(10):
        radius, centre = rng.uniform(5, 16), rng.uniform(16, 28, 3)[:, None, None, None]
        distance = np.sqrt(((index - centre) ** 2).sum(axis=0))
        likely = np.floor(np.clip(0.5 + (radius - distance) / 3, 0, 1) * 255 + 0.5).astype(np.uint8)
        thick = tilted(rng)
        truth = mostly_inside(thick, centre, radius)
        found = carried_back([likely], common, np.eye(4), thick)[0] >= 128
        labels = resample((likely >= 128).astype(np.uint8), common.affine, thick, labels=True) != 0
        own.append(dice(found, truth))
        nearest.append(dice(labels, truth))
        volumes.append(found.sum() * 0.9 * 0.9 * 5.5 / (likely >= 128).sum())
    assert np.mean(own) > 0.98
    assert np.mean(own) > np.mean(nearest) + 0.02
    assert np.mean(volumes) == pytest.approx(1, abs=0.03)


def tilted(rng: np.random.Generator) -> Grid:
    """Slices of 5.5 mm turned by up to 12 degrees, somewhere over the common grid."""
    angle = np.radians(rng.uniform(-12, 12))
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine = np.eye(4)
    affine[:3, :3] = turn * (0.9, 0.9, 5.5)
    affine[:3, 3] = rng.uniform(-4, 0, 3)
    return grid_from_affine((60, 60, 11), affine)


def mostly_inside(on: Grid, centre: np.ndarray, radius: float) -> np.ndarray:
    assert on.affine is not None
    index = np.indices(on.shape)
    inside_at = []
    for offset in product((-0.25, 0.25), (-0.25, 0.25), (np.arange(11) - 5) / 11):
        place = np.tensordot(on.affine[:3, :3], index + np.array(offset)[:, None, None, None], 1)
        place += on.affine[:3, 3][:, None, None, None]
        inside_at.append(((place - centre) ** 2).sum(axis=0) <= radius**2)
    return np.asarray(np.mean(inside_at, axis=0) >= 0.5)


def test_outside_the_common_grid_there_is_nothing() -> None:
    affine = np.eye(4)
    affine[0, 3] = 100
    far = Grid((10, 8, 12), affine)
    assert not carried_back([np.full((10, 8, 12), 255, np.uint8)], COMMON, np.eye(4), far).any()
