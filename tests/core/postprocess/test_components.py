"""Which pieces of a region are kept, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.arguments import ArgumentError
from core.postprocess import clean, step_named
from tests.core.postprocess.drawn import cleaned, draw, flat, shown, step

# five voxels that touch over corners, three in a row, one alone
THREE_PIECES = """
    #....###
    .#......
    ..#.....
    ...#....
    ....#..#
"""


def test_pieces_below_the_least_number_of_voxels_go_and_one_of_that_number_stays() -> None:
    mask = draw(THREE_PIECES)
    without_one = flat(THREE_PIECES.replace("#..#", "#..."))
    without_three = without_one.replace("###", "...")
    assert shown(cleaned(mask, step("smallest_component", voxels=2), spacing=None)) == [without_one]
    assert shown(cleaned(mask, step("smallest_component", voxels=3), spacing=None)) == [without_one]
    assert shown(cleaned(mask, step("smallest_component", voxels=4), spacing=None)) == [without_three]
    assert not cleaned(mask, step("smallest_component", voxels=6), spacing=None).any()


def test_a_volume_in_ml_is_turned_into_voxels_by_their_size() -> None:
    """Voxels of 2 x 5 x 10 mm are 0.1 ml: three make 0.3 ml, which is kept from 0.3 ml on and not from 0.31."""
    spacing, mask = (2.0, 5.0, 10.0), draw(THREE_PIECES)
    assert cleaned(mask, step("smallest_component", ml=0.3), spacing=spacing).sum() == 5 + 3
    assert cleaned(mask, step("smallest_component", ml=0.31), spacing=spacing).sum() == 5
    shrunk = (1.9999999, 5.0, 10.0)
    assert cleaned(mask, step("smallest_component", ml=0.3), spacing=shrunk).sum() == 8, "headers are rounded"


def test_ml_count_where_there_are_voxel_sizes_and_voxels_where_there_are_none() -> None:
    mask, both = draw(THREE_PIECES), step("smallest_component", ml=0.3, voxels=5)
    assert cleaned(mask, both, spacing=(2.0, 5.0, 10.0)).sum() == 8
    assert cleaned(mask, both, spacing=None).sum() == 5
    assert cleaned(mask, step("smallest_component", ml=0.3), spacing=None).sum() == 9, "ml alone says nothing there"
    assert cleaned(mask, step("smallest_component", voxels=5), spacing=(2.0, 5.0, 10.0)).sum() == 5


def test_a_piece_goes_on_over_slices_and_corners() -> None:
    mask = draw("#..\n...\n...", "...\n.#.\n...", "...\n...\n..#")
    assert cleaned(mask, step("smallest_component", voxels=3)).sum() == 3
    apart = draw("#..\n...\n...", "...\n...\n...", "...\n...\n..#")
    assert not cleaned(apart, step("smallest_component", voxels=2)).any()


def test_the_largest_piece_alone_is_kept_and_of_equals_the_first() -> None:
    assert shown(cleaned(draw(THREE_PIECES), step("largest_component"))) == [
        flat("""
            #.......
            .#......
            ..#.....
            ...#....
            ....#...
        """)
    ]
    assert shown(cleaned(draw("##.##\n.....\n....."), step("largest_component"))) == ["##...\n.....\n....."]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, r"step smallest_component: .*found no size; give ml, voxels for images without voxel sizes, or both"),
        ({"ml": 0}, "ml is 0: input should be greater than 0"),
        ({"voxels": 1}, "voxels is 1: input should be greater than or equal to 2"),
        ({"mm": 3}, "step smallest_component has no argument 'mm'; known: ml, voxels"),
    ],
)
def test_a_size_that_is_none_is_refused(arguments: dict[str, float], sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        step_named("smallest_component").parse(arguments)


def test_only_the_regions_that_are_named_are_touched() -> None:
    bits = (draw(THREE_PIECES) * 3).astype(np.uint8)
    found = clean(bits, ("WT", "TC"), None, [step("largest_component", ["TC"])])
    assert (found & 1).sum() == 9
    assert (found >> 1 & 1).sum() == 5
    assert bits.max() == 3, "what was given is as it was"
