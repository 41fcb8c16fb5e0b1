"""NSD and the surface-weighted HD95 are the surface-distance package's, and so is the size of every element."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.metrics.hd95_elements import hd95_elements_mm
from core.metrics.marching import CUBE, SQUARE, element_sizes
from core.metrics.nsd import nsd
from core.metrics.pair import compare_regions
from tests.core.metrics.masks import Bits, geometry
from tests.core.metrics.pairs import (
    AT_ONCE,
    Mask,
    Shape,
    Spacing,
    every_nasty_pair,
    every_shape,
    random_cases,
    region,
    two_spacings,
)

# the package names modules of scipy that scipy is about to drop
pytestmark = pytest.mark.filterwarnings("ignore")
TOLERANCES_MM = (1.0, 0.0, 2.75)


def their_distances(prediction: Mask, reference: Mask, spacing: Spacing) -> Any:
    """What the package computes, of a single slice as the 2D image that it is."""
    import surface_distance

    if prediction.shape[2] == 1:
        return surface_distance.compute_surface_distances(reference[..., 0], prediction[..., 0], spacing[:2])
    return surface_distance.compute_surface_distances(reference, prediction, spacing)


def assert_agree(prediction: Bits, reference: Bits, regions: int, spacing: Spacing) -> None:
    import surface_distance

    ours = [compare_regions(prediction, reference, regions, geometry(*spacing), tolerance_mm=t) for t in TOLERANCES_MM]
    for number in range(regions):
        theirs = their_distances(region(prediction, number), region(reference, number), spacing)
        for pairs, tolerance in zip(ours, TOLERANCES_MM, strict=True):
            expected = surface_distance.compute_surface_dice_at_tolerance(theirs, tolerance)
            assert nsd(pairs[number]) == pytest.approx(expected, rel=1e-6, abs=1e-12)
        expected = surface_distance.compute_robust_hausdorff(theirs, 95)
        assert hd95_elements_mm(ours[0][number]) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.7, 0.6), (3.0, 0.4, 1.1)], ids=str)
def test_every_element_has_their_area(spacing: Spacing) -> None:
    from surface_distance import lookup_tables

    theirs = lookup_tables.create_table_neighbour_code_to_surface_area(spacing)
    codes = [sum(int(lookup_tables.ENCODE_NEIGHBOURHOOD_3D_KERNEL[c]) for c in corners_in(CUBE, n)) for n in range(256)]
    np.testing.assert_allclose(element_sizes(spacing), theirs[codes], rtol=1e-12)


def test_every_line_has_their_length() -> None:
    from surface_distance import lookup_tables

    theirs = lookup_tables.create_table_neighbour_code_to_contour_length((1.7, 0.6))
    codes = [
        sum(int(lookup_tables.ENCODE_NEIGHBOURHOOD_2D_KERNEL[c]) for c in corners_in(SQUARE, n)) for n in range(16)
    ]
    np.testing.assert_allclose(element_sizes((1.7, 0.6)), theirs[codes], rtol=1e-12)


def corners_in(corners: tuple[tuple[int, ...], ...], code: int) -> list[tuple[int, ...]]:
    return [corner for bit, corner in enumerate(corners) if code >> bit & 1]


@every_shape
def test_random_pairs(shape: Shape) -> None:
    for prediction, reference, spacing in random_cases(shape):
        assert_agree(prediction, reference, AT_ONCE, spacing)


@two_spacings
@every_nasty_pair
def test_nasty_pairs(prediction: Mask, reference: Mask, spacing: Spacing) -> None:
    assert_agree(prediction.astype(np.uint8), reference.astype(np.uint8), 1, spacing)
