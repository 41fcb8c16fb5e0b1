from __future__ import annotations

import numpy as np
import pytest

from core.data.phantom.noise import Field
from core.data.phantom.shapes import Points, blend, carve, ellipsoid, share, tube


def point(x: float, y: float, z: float) -> Points:
    return tuple(np.array([v], np.float32) for v in (x, y, z))  # type: ignore[return-value]


def distance(value: float) -> Field:
    return np.array([value], np.float32)


def test_a_ball_is_exact_along_its_radius() -> None:
    # 3-4-0 from the centre is 5 mm away: 2 mm inside a ball of 7 mm
    assert ellipsoid(point(4, 6, 3), (1, 2, 3), (7, 7, 7))[0] == pytest.approx(2, rel=1e-3)


def test_an_ellipsoid_is_zero_on_its_surface_and_right_beside_it() -> None:
    assert ellipsoid(point(10, 0, 0), (0, 0, 0), (10, 4, 6))[0] == pytest.approx(0, abs=1e-5)
    assert ellipsoid(point(9.5, 0, 0), (0, 0, 0), (10, 4, 6))[0] == pytest.approx(0.5, abs=0.03)
    assert ellipsoid(point(0, 4.5, 0), (0, 0, 0), (10, 4, 6))[0] == pytest.approx(-0.5, abs=0.08)


def test_a_superellipsoid_reaches_its_half_axes_and_further_into_the_corner() -> None:
    assert ellipsoid(point(0, 0, 6), (0, 0, 0), (10, 4, 6), 3.0)[0] == pytest.approx(0, abs=1e-5)
    corner = point(6.2, 2.5, 3.0)
    assert ellipsoid(corner, (0, 0, 0), (10, 4, 6), 3.0)[0] > 0 > ellipsoid(corner, (0, 0, 0), (10, 4, 6), 2.0)[0]


def test_a_tube_has_its_radius_beside_its_axis_and_at_its_corners() -> None:
    path = [(0.0, 0.0, 0.0, 2.0), (10.0, 0.0, 0.0, 4.0), (10.0, 10.0, 0.0, 4.0)]
    # half way along the first piece the radius is 3
    assert tube(point(5, 1, 0), path)[0] == pytest.approx(2)
    assert tube(point(10, 5, 3), path)[0] == pytest.approx(1)
    # beyond its end it is round
    assert tube(point(10, 13, 4), path)[0] == pytest.approx(-1)


def test_blending_is_the_union_far_from_the_seam_and_swells_at_it() -> None:
    assert blend(distance(5), distance(-5), 4)[0] == 5
    # at the seam: a quarter of the width
    assert blend(distance(1), distance(1), 4)[0] == 2
    assert carve(distance(5), distance(-5), 4)[0] == -5
    assert carve(distance(1), distance(1), 4)[0] == 0


def test_a_share_runs_from_0_to_1_across_the_surface() -> None:
    depths = np.array([-1, -0.5, 0, 0.25, 0.5, 1], np.float32)
    assert share(depths, 1.0).tolist() == [0, 0, 0.5, 0.75, 1, 1]
