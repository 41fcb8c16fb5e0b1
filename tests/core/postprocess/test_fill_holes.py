"""What a region surrounds, in 3D and slice by slice."""

from __future__ import annotations

import numpy as np

from tests.core.postprocess.drawn import cleaned, draw, shown, step

FULL = "###\n###\n###"
RING = "###\n#.#\n###"
OPEN = "###\n#..\n###"
CORNER = "###\n#.#\n##."  # a way out over the corner alone


def test_a_hole_that_is_closed_on_all_sides_is_filled() -> None:
    assert shown(cleaned(draw(FULL, RING, FULL), step("fill_holes"))) == [FULL, FULL, FULL]


def test_a_hole_that_is_open_above_stays_in_3d_and_is_filled_slice_by_slice() -> None:
    tunnel = draw(FULL, RING, RING)
    assert shown(cleaned(tunnel, step("fill_holes"))) == [FULL, RING, RING]
    assert shown(cleaned(tunnel, step("fill_holes", per_slice=True))) == [FULL, FULL, FULL]


def test_a_single_slice_is_filled_as_a_plane_either_way() -> None:
    for per_slice in (False, True):
        assert shown(cleaned(draw(RING), step("fill_holes", per_slice=per_slice))) == [FULL]


def test_a_way_out_goes_over_faces_not_over_corners() -> None:
    assert shown(cleaned(draw(OPEN), step("fill_holes"))) == [OPEN]
    assert shown(cleaned(draw(CORNER), step("fill_holes"))) == ["###\n###\n##."]


def test_a_hole_at_the_border_of_the_image_is_open() -> None:
    assert shown(cleaned(draw("#.#\n###\n..."), step("fill_holes"))) == ["#.#\n###\n..."]


def test_a_region_within_the_hole_stays_and_what_is_around_it_is_filled() -> None:
    island = draw("#####\n#...#\n#.#.#\n#...#\n#####")
    assert cleaned(island, step("fill_holes")).sum() == 25


def test_a_ball_with_a_hollow_is_what_scipy_makes_of_it() -> None:
    """Over faces, as binary_fill_holes looks too."""
    from scipy.ndimage import binary_fill_holes

    rng = np.random.default_rng(7)
    for _ in range(20):
        mask = (rng.random((12, 11, 9)) < 0.75).astype(np.uint8)
        expected = binary_fill_holes(np.pad(mask, 1))[1:-1, 1:-1, 1:-1]
        np.testing.assert_array_equal(cleaned(mask, step("fill_holes")), expected)
