"""Which way up a slice is drawn, and where a mask's edges run, worked out by hand."""

from __future__ import annotations

import re

import numpy as np

from core.export.report.case_slice import cut_as_drawn, edges, fullest_slice, pixel_mm
from core.export.report.pictures import columns_for, panels
from tests.core.export.report.sample import picture


def test_an_axial_slice_has_the_patient_s_right_on_the_left_and_the_front_on_top() -> None:
    array = np.zeros((3, 4, 2), np.uint8)
    array[2, 3, 1] = 1  # farthest to the right and to the front
    drawn = cut_as_drawn(array, 2, 1, has_geometry=True)
    assert drawn.shape == (4, 3)
    assert drawn[0, 0] == 1
    assert drawn.sum() == 1


def test_from_the_side_the_front_is_on_the_left() -> None:
    array = np.zeros((3, 4, 2), np.uint8)
    array[1, 3, 0] = 1  # at the front, at the bottom
    drawn = cut_as_drawn(array, 0, 1, has_geometry=True)
    assert drawn.shape == (2, 4)
    assert drawn[1, 0] == 1


def test_a_picture_without_geometry_is_drawn_as_it_is_stored() -> None:
    array = np.zeros((3, 4, 1), np.uint8)
    array[2, 0, 0] = 1  # X is the column, Y the row downwards
    drawn = cut_as_drawn(array, 2, 0, has_geometry=False)
    assert drawn.shape == (4, 3)
    assert drawn[0, 2] == 1


def test_the_slice_shown_is_the_one_with_most_of_the_mask() -> None:
    mask = np.zeros((4, 4, 5), np.bool_)
    mask[0, 0, 1] = mask[:2, 0, 3] = True
    assert fullest_slice(mask, 2) == 3
    assert fullest_slice(np.zeros((4, 4, 5), np.bool_), 2) == 2


def test_the_edges_of_an_l_of_three_pixels() -> None:
    """Rows and columns from 0: (0, 0), (1, 0) and (1, 1) are inside."""
    across, down = edges(np.array([[True, False], [True, True]]))
    assert across == [(0, 0, 1), (1, 1, 2), (2, 0, 2)]
    assert down == [(0, 0, 2), (1, 0, 1), (2, 1, 2)]


def test_two_pixels_that_touch_at_a_corner_keep_their_corner() -> None:
    """Along the middle row the mask ends upwards over one pixel and downwards over the other: two runs, not one."""
    across, _ = edges(np.array([[True, False], [False, True]]))
    assert across == [(0, 0, 1), (1, 0, 1), (1, 1, 2), (2, 1, 2)]


def test_an_empty_mask_has_no_edges_and_a_full_one_has_the_frame() -> None:
    assert edges(np.zeros((3, 4), np.bool_)) == ([], [])
    assert edges(np.ones((3, 4), np.bool_)) == ([(0, 0, 4), (3, 0, 4)], [(0, 0, 3), (4, 0, 3)])


def test_anisotropic_pixels_keep_their_shape() -> None:
    """The 8 x 6 pixels of 1 x 2 mm are 6 mm wide and 16 mm high."""
    assert pixel_mm((1.0, 2.0, 5.0), 1) == (1.0, 5.0)
    first, *_ = panels(picture())
    assert 'viewBox="0 0 6.00 16.00"' in first.drawing
    width, height = (float(mm) for mm in re.findall(r'(?:width|height)="([\d.]+)mm"', first.drawing))
    assert abs(height / width - 16 / 6) < 0.01


def test_a_panel_each_for_the_image_the_reference_and_every_model() -> None:
    drawn = panels(picture(masks=("first", "second")))
    assert [panel.title for panel in drawn] == ["Image (FLAIR)", "Reference", "first", "second"]
    assert [panel.drawing.count("<path") for panel in drawn] == [0, 1, 2, 2]  # models over the reference
    assert all(f">{letter}<" in drawn[0].drawing for letter in "RLAP")
    assert "2 mm" in drawn[0].drawing  # the longest round bar of at most a third of 6 mm


def test_without_geometry_there_are_no_letters_and_no_scale() -> None:
    first, *_ = panels(picture(spacing_mm=None, letters=None))
    assert "<text" not in first.drawing


def test_the_outline_of_a_square_runs_round_it_in_millimetres() -> None:
    """Rows 2 and 3, columns 2 and 3; pixels are 1 mm wide and 2 mm high."""
    drawn = panels(picture())[1].drawing
    (path,) = re.findall(r'<path d="([^"]+)"', drawn)
    assert path == "M2 4H4M2 8H4M2 4V8M4 4V8"


def test_rows_of_panels_are_even() -> None:
    assert [columns_for(count) for count in (3, 5, 6, 7, 10, 11)] == [3, 5, 3, 4, 5, 4]
