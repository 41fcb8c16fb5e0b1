"""The fixed validation slices: which moments are shown, and which pixels are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from pages.parts.training_pictures import errors, spread
from pages.parts.viewer.spec import PALETTE


@pytest.mark.parametrize(
    ("steps", "shown"),
    [([10], [10]), ([10, 20], [10, 20]), (list(range(1, 11)), [2, 4, 6, 8, 10]), ([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6])],
)
def test_moments_are_spread_evenly_and_end_with_the_last(steps: list[int], shown: list[int]) -> None:
    assert spread(steps, 5) == shown


def test_errors_of_the_first_region_are_drawn_in_their_colours() -> None:
    predicted = np.array([[[1, 1, 0, 0, 6]]], np.uint8)
    reference = np.array([[[1, 0, 1, 0, 0]]], np.uint8)
    bits = errors(predicted, reference)[0, 0]
    colours = [next((PALETTE[bit] for bit in range(8) if value >> bit & 1), None) for value in bits]
    # right, too much, missed, rightly nothing; other regions do not count
    assert colours == ["#999999", "#d55e00", "#cc79a7", None, None]
