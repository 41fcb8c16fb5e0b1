"""The row of pictures: outlines where regions end, the patient's right on the left."""

from __future__ import annotations

import numpy as np

from core.jobs.augmented_slices import Varied
from pages.parts.training.augmentation_look import GAP, LARGER, outlined, row_of_pictures
from pages.parts.viewer.spec import PALETTE


def test_a_region_is_outlined_one_pixel_wide_inside_its_edge() -> None:
    image = np.full((6, 6), 90, np.uint8)
    mask = np.zeros((6, 6), np.uint8)
    mask[1:5, 1:5] = 1
    picture = outlined(image, mask)
    colour = [int(PALETTE[0][start : start + 2], 16) for start in (1, 3, 5)]
    coloured = (picture == colour).all(axis=2)
    expected = np.zeros((12, 12), bool)
    expected[2:10, 2:10] = True
    expected[3:9, 3:9] = False
    assert np.array_equal(coloured, expected)
    assert (picture[~coloured] == 90).all()


def test_pictures_lie_beside_each_other_as_a_radiologist_looks_at_them() -> None:
    """Voxel (0, 0) is the patient's left and back: with geometry it comes to the right and down."""
    image = np.zeros((2, 3, 5), np.uint8)  # (X, Y): three columns and five rows
    image[0, 0, 0] = image[1, 0, 0] = 255
    found = Varied(image, np.zeros_like(image), "x", 7, "t1c")
    as_patient, as_stored = row_of_pictures(found, True), row_of_pictures(found, False)
    width = 3 * LARGER
    assert as_patient.shape == as_stored.shape == (5 * LARGER, 2 * width + GAP, 3)
    for first in (0, width + GAP):
        assert as_patient[-1, first + width - 1].tolist() == [255, 255, 255]
        assert as_stored[0, first].tolist() == [255, 255, 255]
    assert np.count_nonzero(as_stored[..., 0]) == 2 * LARGER**2
