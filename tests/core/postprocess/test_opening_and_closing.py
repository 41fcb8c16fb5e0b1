"""Balls in mm: worked out on a few voxels, and against morphology with the ball drawn out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from core.arguments import ArgumentError
from core.postprocess import Spacing, step_named
from tests.core.postprocess.drawn import cleaned, draw, flat, shown, step

# two squares of 3 x 3, a bridge one voxel thick between them, a speck
BRIDGED = flat("""
    .............
    .###.....###.
    .###########.
    .###.....###.
    .............
    .#...........
    .............
""")


def test_an_opening_takes_bridges_and_specks_and_rounds_what_is_left() -> None:
    """A ball of 1 mm on voxels of 1 mm is a cross of five: it fits into each square, and where the bridge ends."""
    assert shown(cleaned(draw(BRIDGED), step("opening", mm=1))) == [
        flat("""
            .............
            ..##.....##..
            .####...####.
            ..##.....##..
            .............
            .............
            .............
        """)
    ]


def test_a_radius_below_the_edge_of_a_voxel_changes_nothing() -> None:
    for name in ("opening", "closing"):
        assert shown(cleaned(draw(BRIDGED), step(name, mm=0.9))) == [BRIDGED]


def test_a_closing_fills_a_gap_that_the_ball_does_not_enter() -> None:
    """Between two bars a cross of five fits into three voxels and not into one: there its arms would touch them."""
    assert shown(cleaned(draw(".....\n#.#..\n#.#..\n#.#..\n....."), step("closing", mm=1))) == [
        ".....\n#.#..\n###..\n#.#..\n....."
    ]
    wide = ".....\n#...#\n#...#\n#...#\n....."
    assert shown(cleaned(draw(wide), step("closing", mm=1))) == [wide]


def test_the_ball_is_round_in_mm_not_in_voxels() -> None:
    """Voxels of 1 x 3 mm: the same gap of one voxel is 1 mm wide along the first axis and 3 mm along the second."""
    down, across = draw(".....\n.###.\n.....\n.###.\n....."), draw(".....\n.#.#.\n.#.#.\n.#.#.\n.....")
    sizes: Spacing = (1.0, 3.0, 1.0)
    assert shown(cleaned(down, step("closing", mm=1), spacing=sizes)) == [".....\n.###.\n.###.\n.###.\n....."]
    assert shown(cleaned(across, step("closing", mm=1), spacing=sizes)) == shown(across)
    thick = draw("...", "###", "...")  # a plate one voxel of 3 mm thick, in the third axis
    assert thick.sum() == 3
    assert cleaned(thick, step("opening", mm=1), spacing=(1.0, 1.0, 3.0)).sum() == 3


def test_the_border_of_the_image_neither_wears_a_region_away_nor_draws_it_near() -> None:
    cut = draw("####\n####\n####\n....")
    assert shown(cleaned(cut, step("opening", mm=1))) == shown(cut)
    near = draw("....\n.##.\n.##.\n....")
    assert shown(cleaned(near, step("closing", mm=3))) == shown(near)
    whole = np.ones((3, 3, 3), np.uint8)
    assert cleaned(whole, step("opening", mm=2), step("closing", mm=2)).all()


@pytest.mark.parametrize("name", ["opening", "closing"])
@pytest.mark.parametrize("sizes", [(1.0, 1.0, 1.0), (0.8, 1.0, 2.5), (1.0, 1.0, 6.0)])
@pytest.mark.parametrize("radius", [1.0, 2.0, 3.1])
def test_it_is_morphology_with_the_ball_drawn_out(name: str, sizes: Spacing, radius: float) -> None:
    """Away from the border, where conventions differ."""
    from scipy.ndimage import binary_closing, binary_opening, gaussian_filter

    rng = np.random.default_rng(3)
    mask = np.zeros((30, 28, 20), np.uint8)
    mask[8:-8, 8:-8, 7:-7] = gaussian_filter(rng.random((14, 12, 6)), 1) > 0.5
    expected = {"opening": binary_opening, "closing": binary_closing}[name](mask, ball(radius, sizes))
    found = cleaned(mask, step(name, mm=radius), spacing=sizes)
    np.testing.assert_array_equal(found, expected)
    assert radius < 3 or found.sum() != mask.sum(), "there is something to do"


def ball(radius: float, sizes: Spacing) -> npt.NDArray[np.bool_]:
    """Every offset whose length in mm is at most the radius."""
    reach = [int(radius / size + 1e-9) for size in sizes]
    grid = np.meshgrid(*(np.arange(-n, n + 1) * size for n, size in zip(reach, sizes, strict=True)), indexing="ij")
    return np.asarray(sum(axis**2 for axis in grid) <= radius**2 + 1e-9)


def test_without_voxel_sizes_voxels_count_and_mm_alone_do_nothing() -> None:
    mask = draw(BRIDGED)
    assert cleaned(mask, step("opening", voxels=1), spacing=None).sum() == 16
    assert cleaned(mask, step("opening", mm=0.5, voxels=1), spacing=None).sum() == 16
    assert shown(cleaned(mask, step("opening", mm=1), spacing=None)) == [BRIDGED]
    assert cleaned(mask, step("opening", mm=0.5, voxels=1)).sum() == mask.sum()


def test_no_radius_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"step closing: .*found no radius; give mm, voxels for images"):
        step_named("closing").parse({})
