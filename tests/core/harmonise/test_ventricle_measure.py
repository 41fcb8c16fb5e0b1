"""The yardstick of the clinical study: a planted shift is read off to a third of a millimetre."""

from __future__ import annotations

import numpy as np

from benchmarks.clinical_study.ventricles import deep_part, fluid_map, shift_mm, ventricle_box
from core.data.formats.grid import grid_from_affine
from tests.core.harmonise.phantom import FLAIR, T1C, inside, places, series

AFFINE = np.eye(4)
AFFINE[:3, 3] = (-75, -90, -60)
CUBES = grid_from_affine((150, 180, 120), AFFINE)


def test_a_planted_shift_is_found_across_contrasts() -> None:
    planted = np.eye(4)
    planted[:3, 3] = (1.5, -2.0, 0.7)
    deep = deep_part(inside("brain", places(CUBES)))
    fixed = fluid_map(series(T1C, CUBES).values(0), deep, bright=False)
    moving = fluid_map(series(FLAIR, CUBES, planted, seed=1).values(0), deep, bright=False)
    found = shift_mm(fixed, moving, ventricle_box(fixed, deep))
    np.testing.assert_allclose(found, planted[:3, 3], atol=0.3)
