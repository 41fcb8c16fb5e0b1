"""A head that moved between two series is found where it went."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.image import StoredImage
from core.harmonise.register import Alignment, Scan, register, turned_degrees
from tests.core.harmonise.phantom import FLAIR, T1C, Array, grid, moved, places, series

MOTION = moved((6.0, -9.0, 4.0), 12.0)
FIXED, MOVING = grid((86, 104, 34), (2, 2, 4)), grid((80, 96, 26), (2.2, 2.2, 5), 10)


def scan(image: StoredImage) -> Scan:
    return Scan(image.values(0), image.grid)


def farthest_mm(one: Array, other: Array) -> float:
    """How far apart two transforms put the corners of a brain's box."""
    corners = np.array([[x, y, z, 1] for x in (-65, 65) for y in (-83, 83) for z in (-52, 52)])
    return float(np.linalg.norm((corners @ (one - other).T)[:, :3], axis=1).max())


@pytest.fixture(scope="module")
def alignment() -> Alignment:
    return register(scan(series(T1C, FIXED)), scan(series(FLAIR, MOVING, MOTION, seed=1)))


def test_the_motion_is_recovered_across_contrasts_and_grids(alignment: Alignment) -> None:
    assert farthest_mm(alignment.transform, MOTION) < 1.0
    assert alignment.turned_degrees == pytest.approx(12, abs=0.3)
    assert alignment.moved_mm == pytest.approx(np.sqrt(6**2 + 9**2 + 4**2), abs=0.5)


def test_the_fit_is_better_than_the_headers_and_than_a_wrong_place(alignment: Alignment) -> None:
    assert alignment.information > 1.1 * alignment.information_header
    assert alignment.information > 1.1 * alignment.information_displaced
    assert alignment.head_overlap > 0.95


def test_a_second_run_and_more_threads_give_the_same_bits(alignment: Alignment) -> None:
    import SimpleITK

    before = SimpleITK.ProcessObject.GetGlobalDefaultNumberOfThreads()
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(before + 3)
    try:
        again = register(scan(series(T1C, FIXED)), scan(series(FLAIR, MOVING, MOTION, seed=1)))
    finally:
        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
    assert again.transform.tobytes() == alignment.transform.tobytes()


def test_headers_that_are_right_are_left_alone() -> None:
    image = scan(series(T1C, FIXED))
    found = register(image, image)
    assert found.start == "header"
    np.testing.assert_array_equal(found.transform, np.eye(4))


def test_heads_that_the_headers_put_half_a_metre_apart_still_meet() -> None:
    far = moved((0, 0, 500), 0)
    there = MOVING.affine
    assert there is not None
    from core.data.formats.grid import grid_from_affine

    image = series(FLAIR, grid_from_affine(MOVING.shape, far @ there), far, seed=1)
    found = register(scan(series(T1C, FIXED)), scan(image))
    assert found.start != "header"
    assert farthest_mm(found.transform, far) < 1.5


def test_the_angle_of_a_turn() -> None:
    assert turned_degrees(np.eye(4)) == 0
    assert turned_degrees(moved((1, 2, 3), 30)) == pytest.approx(30)
    assert turned_degrees(np.diag([-1.0, -1, 1, 1])) == pytest.approx(180)


def test_the_phantom_puts_its_lesion_where_the_motion_says() -> None:
    at = places(FIXED, MOTION)
    assert FIXED.affine is not None
    lesion = MOTION @ [32, 34, 16, 1]
    index = tuple(np.linalg.solve(FIXED.affine, lesion)[:3].round().astype(int))
    assert np.linalg.norm(at[(slice(None), *index)] - [32, 34, 16]) < 4
