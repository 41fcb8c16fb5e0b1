"""Contours around pixels, holes joined by keyholes, filled again by ourselves and by scikit-image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.data.formats.contours import fill
from core.export.contours import contours_of

Mask = npt.NDArray[np.bool_]


def drawn(*rows: str) -> Mask:
    """Return (U, V) of rows of `#` and `.`, v downwards."""
    return np.array([[letter == "#" for letter in row] for row in rows]).T


def filled(mask: Mask) -> Mask:
    made = np.zeros(mask.shape, bool)
    if contours := contours_of(mask):
        made[fill(contours, mask.shape)] = True  # type: ignore[arg-type]
    return made


def test_two_pixels_have_four_corners_at_their_edges() -> None:
    (corners,) = contours_of(drawn("....", ".##.", "...."))
    assert {tuple(corner) for corner in corners.tolist()} == {(0.5, 0.5), (2.5, 0.5), (2.5, 1.5), (0.5, 1.5)}
    assert len(corners) == 4


def test_a_ring_is_one_contour_with_a_channel_that_is_walked_in_and_out() -> None:
    ring = drawn("#####", "#...#", "#.#.#", "#...#", "#####")
    contours = contours_of(ring)
    assert len(contours) == 2  # the ring, and the pixel within it
    outer = max(contours, key=len)
    # four outside, four around the hole, and where the channel leaves the left edge, twice
    assert len(outer) == 4 + 4 + 2
    points = [tuple(corner) for corner in outer.tolist()]
    assert points.count((-0.5, 0.5)) == 2
    assert points.count((0.5, 0.5)) == 1
    assert (filled(ring) == ring).all()


def test_pixels_that_touch_by_a_corner_are_two_contours() -> None:
    both = drawn("#.", ".#")
    assert [len(corners) for corners in contours_of(both)] == [4, 4]
    assert (filled(both) == both).all()


def test_a_hole_that_reaches_the_outside_by_a_corner_is_walked_around() -> None:
    notched = drawn("##.", "#.#", "###")
    assert len(contours_of(notched)) == 1
    assert (filled(notched) == notched).all()


def test_of_an_empty_mask_there_is_none_and_a_full_one_ends_at_its_border() -> None:
    assert contours_of(np.zeros((3, 4), bool)) == []
    (corners,) = contours_of(np.ones((3, 4), bool))
    assert (corners.min(axis=0).tolist(), corners.max(axis=0).tolist()) == ([-0.5, -0.5], [2.5, 3.5])


@given(arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_any_mask_comes_back_to_the_last_pixel(mask: Mask) -> None:
    assert (filled(mask) == mask).all()


@given(arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_scikit_image_fills_each_contour_to_the_same_mask(mask: Mask) -> None:
    """Its rule is parity too, but it knows nothing of ours."""
    from skimage.measure import grid_points_in_poly

    made = np.zeros(mask.shape, bool)
    for corners in contours_of(mask):
        part = grid_points_in_poly(mask.shape, corners)  # type: ignore[no-untyped-call]
        assert not (made & part).any(), "contours of one mask share no pixel"
        made |= part
    assert (made == mask).all()


@given(arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_contours_turn_once_around_each_pixel_inside_and_never_around_one_outside(mask: Mask) -> None:
    """By the winding number, for readers that go by that: channels cancel and holes count zero."""
    wound = np.zeros(mask.shape)
    centres = np.stack(np.meshgrid(*(np.arange(n) for n in mask.shape), indexing="ij"), -1)
    for corners in contours_of(mask):
        for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            a, b = one - centres, other - centres
            cross = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
            wound += np.arctan2(cross, (a * b).sum(axis=-1)) / (2 * np.pi)
    assert np.abs(wound - mask).max() < 1e-6
