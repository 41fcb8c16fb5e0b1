"""Which pixels a polygon holds, worked out by hand and by another library."""

from __future__ import annotations

import numpy as np
import pytest

from core.data import limits
from core.data.formats.contours import fill
from core.data.formats.gzip_bounded import DamagedFileError
from core.volume import Array

SQUARE = np.array([[1.5, 2.5], [4.5, 2.5], [4.5, 5.5], [1.5, 5.5]])


def filled(shape: tuple[int, int], *polygons: Array) -> Array:
    mask = np.zeros(shape, np.bool_)
    mask[fill(polygons, shape)] = True
    return mask


def test_a_square_holds_the_pixels_whose_centres_it_holds() -> None:
    mask = filled((8, 8), SQUARE)
    assert np.argwhere(mask).tolist() == [[u, v] for u in (2, 3, 4) for v in (3, 4, 5)]


def test_corners_on_centres_belong_to_the_higher_side_so_that_neighbours_share_no_pixel() -> None:
    left, right = np.array([[1, 1], [3, 1], [3, 3], [1, 3]]), np.array([[3, 1], [5, 1], [5, 3], [3, 3]])
    assert np.argwhere(filled((6, 6), left)).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert np.argwhere(filled((6, 6), right)).tolist() == [[3, 1], [3, 2], [4, 1], [4, 2]]


def test_rounding_does_not_decide_what_lies_on_an_edge() -> None:
    corners = np.array([[1, 1], [3, 1], [3, 3], [1, 3]], np.float64)
    for noise in (-1e-9, 1e-9):
        assert np.array_equal(filled((6, 6), corners + noise), filled((6, 6), corners))


def test_a_polygon_within_another_is_a_hole_and_one_within_that_is_filled_again() -> None:
    outer, hole, island = (np.array([[a, a], [b, a], [b, b], [a, b]]) for a, b in [(-0.5, 8.5), (1.5, 6.5), (3.5, 4.5)])
    mask = filled((9, 9), outer, hole, island)
    assert int(mask.sum()) == 81 - 25 + 1
    assert mask[0, 0]
    assert not mask[2, 2]
    assert mask[4, 4]


def test_a_keyhole_drawn_as_one_line_is_the_same_hole() -> None:
    """Out along the outer square, in along a channel of no width, round the inner one, and back."""
    outer = [[-0.5, -0.5], [8.5, -0.5], [8.5, 8.5], [-0.5, 8.5], [-0.5, -0.5]]
    inner = [[1.5, 1.5], [1.5, 6.5], [6.5, 6.5], [6.5, 1.5], [1.5, 1.5]]
    assert int(filled((9, 9), np.array(outer + inner)).sum()) == 81 - 25


def test_a_bow_tie_is_two_triangles() -> None:
    """Its edges cross at (2, 2); on line 1 they stand at 0.79 and 3.21, on line 0 beyond the picture."""
    mask = filled((5, 5), np.array([[-0.9, -0.4], [4.9, -0.4], [-0.9, 4.4], [4.9, 4.4]]))
    for line in (0, 4):
        assert mask[:, line].tolist() == [True] * 5
    for line in (1, 3):
        assert mask[:, line].tolist() == [False, True, True, True, False]


def test_what_reaches_beyond_the_picture_is_cut() -> None:
    wide = np.array([[-10, 1.5], [20, 1.5], [20, 3.5], [-10, 3.5]])
    assert np.argwhere(filled((4, 6), wide)).tolist() == [[u, v] for u in range(4) for v in (2, 3)]
    assert not filled((4, 6), wide + np.array([0.0, 50.0])).any()
    assert not filled((4, 6), wide + np.array([50.0, 0.0])).any()


def test_a_sliver_between_centres_holds_none() -> None:
    assert not filled((6, 6), np.array([[1.1, 1.1], [1.9, 1.1], [1.5, 1.9]])).any()


def test_random_polygons_hold_what_another_library_says() -> None:
    from skimage.measure import grid_points_in_poly

    random = np.random.default_rng(1)
    for corners in range(3, 40):
        polygon = random.uniform(-3, 33, (corners, 2))
        expected = grid_points_in_poly((31, 27), polygon)  # type: ignore[no-untyped-call]
        assert np.array_equal(filled((31, 27), polygon), expected)


def test_polygons_that_cross_more_lines_than_any_drawing_are_refused_before_they_fill_the_memory() -> None:
    zigzag = np.tile([[0.0, 0.0], [1.0, 4000.0]], (limits.MAX_CONTOUR_CROSSINGS // 8000 + 1, 1))
    with pytest.raises(DamagedFileError, match="cross more than 16,777,216 lines"):
        fill([zigzag], (8, 4001))
