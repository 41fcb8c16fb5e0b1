"""The plane between left and right of brains whose middle is known."""

from __future__ import annotations

import numpy as np
import pytest

from core.measuring import MidPlane, find_mid_plane
from core.volume import Geometry
from tests.core.measuring.heads import grid, head, turned


@pytest.mark.parametrize(("first", "middle"), [((0.0, 0.0, 0.0), 104.0), ((-239.0, -239.0, 0.0), -131.0)])
def test_zero_may_lie_anywhere(first: tuple[float, float, float], middle: float) -> None:
    geometry, shape = grid(first_mm=first)
    plane = find_mid_plane(head(geometry, shape, (middle, first[1] + 108, first[2] + 92)), geometry)
    assert plane
    assert plane.to_the_right_mm((middle, 0, 0)) == pytest.approx(0, abs=0.5)
    assert plane.to_the_right_mm((middle + 20, first[1] + 108, first[2] + 92)) == pytest.approx(20, abs=0.5)
    assert (plane.side_of((middle + 20, 0, 0)), plane.side_of((middle - 20, 0, 0))) == ("right", "left")
    assert plane.side_of((middle + 3, first[1] + 108, first[2] + 92)) == "midline"


@pytest.mark.parametrize(("degrees", "axis"), [(12, 2), (-20, 2), (10, 1), (-15, 1), (15, 0)])
def test_a_turned_head_is_halved_where_its_own_middle_is(degrees: float, axis: int) -> None:
    geometry, shape = grid()
    turn = turned(degrees, axis)
    plane = find_mid_plane(head(geometry, shape, (100, 108, 92), turn), geometry)
    assert plane
    apart = np.degrees(np.arccos(np.clip(np.array(plane.normal) @ turn[:, 0], -1, 1)))
    assert apart < 1
    assert plane.to_the_right_mm((100, 108, 92)) == pytest.approx(0, abs=1)


def test_thick_slices_and_a_brain_that_lacks_a_part() -> None:
    geometry, shape = grid((1.0, 1.0, 6.0), shape=(180, 210, 26))
    brain = head(geometry, shape, (88, 104, 80))
    brain[110:, 100:, 14:] = False  # a resection on the right, in front and above
    plane = find_mid_plane(brain, geometry)
    assert plane
    assert plane.to_the_right_mm((88, 104, 80)) == pytest.approx(0, abs=2)


def test_what_was_cut_off_makes_the_plane_less_certain() -> None:
    geometry, shape = grid()
    whole = head(geometry, shape, (100, 108, 92))
    spoilt = whole.copy()
    spoilt[62:, :, 50:] = False
    sure, unsure = find_mid_plane(whole, geometry), find_mid_plane(spoilt, geometry)
    assert sure
    assert unsure
    assert 2 * sure.uncertainty_mm < unsure.uncertainty_mm
    assert unsure.to_the_right_mm((100, 108, 92)) == pytest.approx(0, abs=2)


def test_an_uncertain_plane_has_a_wider_middle() -> None:
    assert MidPlane((0, 0, 0), (1, 0, 0), 0.4).margin_mm == 5
    unsure = MidPlane((0, 0, 0), (1, 0, 0), 4.0)
    assert unsure.margin_mm == 8
    assert (unsure.side_of((7.9, 0, 0)), unsure.side_of((8.1, 0, 0)), unsure.side_of((-8.1, 0, 0))) == (
        "midline",
        "right",
        "left",
    )


def test_no_plane_without_two_whole_halves() -> None:
    geometry, shape = grid()
    brain = head(geometry, shape, (100, 108, 92))
    assert find_mid_plane(brain[55:], geometry) is None  # the left is outside the volume
    assert find_mid_plane(np.zeros(shape, bool), geometry) is None
    speck = np.zeros(shape, bool)
    speck[50, 50, 50] = True
    assert find_mid_plane(speck, Geometry(np.eye(4))) is None
