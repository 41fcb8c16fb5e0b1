"""A training as a film: which validations are shown, and how the fixed slices lie in its pictures."""

from __future__ import annotations

import numpy as np
import pytest

from pages.parts.training.pictures import GAP, beside, spread


@pytest.mark.parametrize(
    ("steps", "count", "shown"),
    [
        ([], 5, []),
        ([10], 5, [10]),
        ([10, 20], 5, [10, 20]),
        (list(range(1, 10)), 5, [1, 3, 5, 7, 9]),
        (list(range(1, 100)), 3, [1, 50, 99]),
    ],
)
def test_moments_are_spread_evenly_from_the_first_to_the_last(steps: list[int], count: int, shown: list[int]) -> None:
    assert spread(steps, count) == shown


def test_slices_of_a_patient_lie_beside_each_other_right_to_the_left_and_front_up() -> None:
    slices = np.zeros((2, 3, 2), np.uint8)
    slices[0, 2, 1] = 7  # the right, front corner of the first
    slices[1, 0, 0] = 9  # the left, back corner of the second
    picture = beside(slices, geometry=True)
    assert picture.shape == (3 + GAP + 3, 2)
    assert picture[0, 0] == 7  # first column, first row
    assert picture[-1, -1] == 9
    assert np.count_nonzero(picture) == 2


def test_images_without_geometry_lie_as_they_were_stored() -> None:
    slices = np.arange(6, dtype=np.uint8).reshape(1, 3, 2)
    assert (beside(slices, geometry=False) == slices[0]).all()
