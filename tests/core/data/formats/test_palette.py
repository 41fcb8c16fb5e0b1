"""A colour has one label in a whole cohort, and noise around it does not make new ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.formats.palette import AS_STORED, choose_palette, pack, snap, tally, together, unpack
from core.data.formats.picture_file import Picture

BLACK, RED, GREEN, BLUE = (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255)


def drawn(*squares: tuple[int, ...], side: int = 12, size: int = 60) -> np.ndarray:
    """A black RGB mask with one square of each colour."""
    mask = np.zeros((size, size, 3), np.uint8)
    for number, colour in enumerate(squares):
        row, column = divmod(number, 4)
        mask[row * 15 + 1 : row * 15 + 1 + side, column * 15 + 1 : column * 15 + 1 + side] = colour
    return mask


def palette_of(*masks: np.ndarray, lossy: bool = False) -> tuple[tuple[int, int, int], ...] | None:
    return choose_palette(together([tally(Picture(mask, lossy), pack(mask)) for mask in masks]))


@given(st.lists(st.tuples(*[st.integers(0, 65535)] * 3), min_size=1, max_size=5))
def test_packing_is_undone_by_unpacking(colours: list[tuple[int, int, int]]) -> None:
    pixels = np.array([colours], np.uint16)
    assert np.array_equal(unpack(pack(pixels)[0]), pixels[0])


def test_grey_packs_as_the_colour_it_is() -> None:
    assert unpack(pack(np.array([[7]], np.uint8))[0]).tolist() == [[7, 7, 7]]


def test_a_pixel_is_solid_when_its_eight_neighbours_are_like_it() -> None:
    """Of a 4 x 4 square the inner 2 x 2 pixels are solid; of a line three wide its middle, ends left out."""
    mask = np.zeros((12, 12), np.uint8)
    mask[1:5, 1:5] = 100
    mask[7:10, 2:8] = 200
    mask[11, 0] = 50
    counted = tally(Picture(mask, False), pack(mask))
    values = unpack(counted.colours)[:, 0].tolist()
    assert dict(zip(values, counted.counts.tolist(), strict=True)) == {0: 144 - 16 - 18 - 1, 50: 1, 100: 16, 200: 18}
    solid = dict(zip(values, counted.solid.tolist(), strict=True))
    assert (solid[50], solid[100], solid[200]) == (0, 4, 4)
    assert counted.pixels == 144


def test_labels_follow_the_packed_value_whatever_comes_first() -> None:
    expected = (BLACK, BLUE, GREEN, RED)
    assert palette_of(drawn(RED), drawn(GREEN), drawn(BLUE)) == expected
    assert palette_of(drawn(BLUE, RED), drawn(GREEN)) == expected


def test_white_on_black_is_one_label() -> None:
    assert palette_of(drawn((255, 255, 255))) == (BLACK, (255, 255, 255))
    assert palette_of(np.kron(np.eye(2, dtype=np.uint8) * 255, np.ones((9, 9), np.uint8))) == (BLACK, (255, 255, 255))


@pytest.mark.parametrize("levels", [(85, 170, 255), (128, 255), (50, 100, 150, 200), (10, 20, 40)])
def test_grey_levels_are_numbered_upwards(levels: tuple[int, ...]) -> None:
    expected = (BLACK, *((level, level, level) for level in levels))
    assert palette_of(drawn(*((level, level, level) for level in levels))) == expected


@pytest.mark.parametrize("labels", [(1,), (1, 2, 3), (1, 2, 4), (2,), (5, 31)])
def test_small_grey_values_are_labels_as_they_stand(labels: tuple[int, ...]) -> None:
    assert palette_of(drawn(*((label, label, label) for label in labels))) == AS_STORED


def test_a_long_run_of_grey_values_without_gaps_is_labels_too() -> None:
    organs = np.kron(np.arange(64, dtype=np.uint8).reshape(8, 8), np.ones((5, 5), np.uint8))
    assert palette_of(organs) == AS_STORED


def test_sixteen_bit_grey_is_numbered_as_eight_bit_is() -> None:
    mask = np.zeros((20, 20), np.uint16)
    mask[2:8, 2:8], mask[11:18, 11:18] = 30000, 65535
    assert palette_of(mask) == (BLACK, (30000,) * 3, (65535,) * 3)


def test_noise_makes_no_new_label() -> None:
    rng = np.random.default_rng(3)
    clean = drawn(RED, GREEN, (255, 255, 0))
    noise = rng.integers(-20, 21, clean.shape)
    noise[30:] = 0
    noisy = np.clip(clean + noise, 0, 255).astype(np.uint8)
    noisy[4:10, 4:10], noisy[4:10, 19:25], noisy[4:10, 34:40] = RED, GREEN, (255, 255, 0)
    assert palette_of(noisy, lossy=True) == (BLACK, GREEN, RED, (255, 255, 0))


def test_what_interpolation_adds_along_edges_makes_no_new_label() -> None:
    from PIL import Image

    small = Image.fromarray(drawn(RED, GREEN, BLUE))
    large = np.asarray(small.resize((173, 173), Image.Resampling.BILINEAR))
    assert len(np.unique(pack(large))) > 30
    assert palette_of(large) == (BLACK, BLUE, GREEN, RED)


def test_a_colour_that_is_rare_in_a_noisy_cohort_is_real_where_it_fills_one_mask() -> None:
    rng = np.random.default_rng(4)
    common = [drawn(RED) for _ in range(300)]
    for mask in common:
        mask[40:55] = rng.integers(0, 20, (15, 60, 3))
    assert palette_of(*common, drawn((0, 255, 255)), lossy=True) == (BLACK, (0, 255, 255), RED)


def test_more_colours_than_a_person_chooses_are_no_mask() -> None:
    levels = np.array([0, 60, 120, 180, 240], np.uint8)
    colours = np.array([(red, green, blue) for red in levels for green in levels for blue in levels])  # 125
    blocks = colours[np.arange(121).reshape(11, 11)].repeat(6, axis=0).repeat(6, axis=1)
    assert palette_of(blocks) is None


def test_lines_thinner_than_a_block_count_where_nothing_else_is_drawn() -> None:
    mask = np.zeros((30, 30), np.uint8)
    mask[10], mask[:, 20] = 255, 255
    assert palette_of(mask) == (BLACK, (255, 255, 255))


def test_the_background_is_the_commonest_colour_where_nothing_is_black() -> None:
    mask = np.full((40, 40, 3), 200, np.uint8)
    mask[5:15, 5:15] = BLUE
    assert palette_of(mask) == ((200, 200, 200), BLUE)


def indexed(indices: np.ndarray, colours: list[tuple[int, int, int]]) -> Picture:
    return Picture(np.array(colours, np.uint8)[indices], False, indices=indices)


def test_palette_indices_are_labels_where_they_mean_the_same_in_all_files() -> None:
    square = np.zeros((12, 12), np.uint8)
    square[2:9, 2:9] = 2
    same = [indexed(square, [BLACK, RED, GREEN]), indexed(square.T.copy(), [BLACK, BLUE, GREEN])]
    assert choose_palette(together([tally(p, pack(p.pixels)) for p in same])) == AS_STORED
    other = [*same, indexed(square, [BLACK, RED, BLUE])]
    assert choose_palette(together([tally(p, pack(p.pixels)) for p in other])) == (BLACK, BLUE, GREEN)


def test_a_palette_whose_black_is_not_first_is_read_by_its_colours() -> None:
    square = np.zeros((12, 12), np.uint8)
    square[2:9, 2:9] = 1
    picture = indexed(square, [(255, 255, 255), BLACK])
    assert choose_palette(tally(picture, pack(picture.pixels))) == (BLACK, (255, 255, 255))


def test_every_pixel_gets_the_nearest_label_and_the_middle_is_doubtful() -> None:
    """Between 0 and 255 a value is doubtful when it is more than half as far from one as from the other: 86 to 169."""
    grey = np.array([[0, 84, 86, 127, 128, 169, 171, 255]], np.uint8)
    labels, unsure = snap(pack(grey), (BLACK, (255, 255, 255)))
    assert labels.tolist() == [[0, 0, 0, 0, 1, 1, 1, 1]]
    assert unsure.tolist() == [[False, False, True, True, True, True, False, False]]


def test_with_background_alone_whatever_differs_is_doubtful() -> None:
    labels, unsure = snap(pack(np.array([[0, 9]], np.uint8)), (BLACK,))
    assert labels.tolist() == [[0, 0]]
    assert unsure.tolist() == [[False, True]]
