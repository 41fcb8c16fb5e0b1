"""Augmentation keeps slice and mask aligned, background black, and depends on one integer only."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from core.arguments import ArgumentError
from core.data.augment import PRESETS, Augmenter, augment_settings, warp
from core.data.geometry import draw_affine, draw_bend, draw_crop, turn

H, W = 192, 224
GEOMETRY = {"intensity_probability": 0.0, "noise_probability": 0.0, "blur_probability": 0.0, "bias_probability": 0.0}
# each way of moving by itself, so that none hides behind another
MOVES: dict[str, dict[str, object]] = {
    "flip_lr": {"flip_lr": 1},
    "flip_ud": {"flip_ud": 1},
    "quarter_turns": {"quarter_turns": 1},
    "rotate": {"affine_probability": 1, "rotate_degrees": 180},
    "zoom": {"affine_probability": 1, "zoom": (0.6, 1.6)},
    "shift": {"affine_probability": 1, "shift": 0.2},
    "elastic": {"elastic_probability": 1, "elastic": 0.06},
    "crop": {"crop_probability": 1, "crop": 0.5},
}


def head() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """An ellipse of z-scores in four modalities with three nested discs as regions."""
    rows, columns = np.mgrid[:H, :W]
    inside = ((rows - 95) / 70) ** 2 + ((columns - 112) / 85) ** 2 < 1
    distance = np.hypot(rows - 70, columns - 130)
    mask = ((distance < 30) * 1 + (distance < 20) * 2 + (distance < 10) * 4).astype(np.uint8)
    rng = np.random.default_rng(0)
    image = rng.standard_normal((4, H, W)).astype(np.float32) * inside
    return image, mask


def in_worker(seed: int) -> bytes:
    image, mask = Augmenter(PRESETS["strong"])(*head(), seed)
    return image.tobytes() + mask.tobytes()


@pytest.mark.parametrize("preset", PRESETS)
def test_shape_and_type_stay_and_the_inputs_are_untouched(preset: str) -> None:
    image, mask = head()
    image.flags.writeable = mask.flags.writeable = False  # as from a memory map
    for seed in range(20):
        new_image, new_mask = Augmenter(PRESETS[preset])(image, mask, seed)
        assert (new_image.shape, new_image.dtype) == (image.shape, image.dtype)
        assert (new_mask.shape, new_mask.dtype) == (mask.shape, mask.dtype)
        assert np.isfinite(new_image).all()


def test_none_changes_nothing() -> None:
    image, mask = head()
    new_image, new_mask = Augmenter(PRESETS["none"])(image, mask, 1)
    assert np.array_equal(new_image, image)
    assert np.array_equal(new_mask, mask)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_whatever_came_before_and_in_any_process() -> None:
    here = [in_worker(seed) for seed in range(4)]
    np.random.seed(99)  # noqa: NPY002 (the point is that global state does not matter)
    assert [in_worker(seed) for seed in reversed(range(4))] == here[::-1]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(in_worker, range(4))) == here
    assert len(set(here)) == 4


def test_masks_gain_no_values_and_regions_stay_nested() -> None:
    image, mask = head()
    for seed in range(60):
        _, moved = Augmenter(PRESETS[("standard", "strong")[seed % 2]])(image, mask, seed)
        assert set(np.unique(moved)) <= {0, 1, 3, 7}
        assert not ((moved & 4) & ~((moved & 2) << 1)).any()


@pytest.mark.parametrize("settings", [*MOVES.values(), dict(PRESETS["strong"]) | GEOMETRY], ids=[*MOVES, "strong"])
def test_a_mark_lands_in_the_image_where_it_lands_in_the_mask(settings: dict[str, object]) -> None:
    """The centre of gravity of a bright disc and that of the same disc as a region, to half a pixel."""
    rows, columns = np.mgrid[:H, :W]
    disc = np.hypot(rows - 88, columns - 120) < 9
    mask = (disc * 5).astype(np.uint8)
    image = np.ones((2, H, W), np.float32) + 99 * disc
    augment = Augmenter(augment_settings("none", settings))
    moved, seen = 0, 0
    for seed in range(25):
        new_image, new_mask = augment(image, mask, seed)
        assert set(np.unique(new_mask)) <= {0, 5}
        bright, kept = new_image[0] > 50, new_mask > 0
        if bright.sum() < 40:  # moved out of the slice
            continue
        seen += 1
        where = [np.argwhere(mark).mean(axis=0) for mark in (bright, kept, disc)]
        assert np.abs(where[0] - where[1]).max() <= 0.5
        moved += np.abs(where[0] - where[2]).max() > 1
    assert seen > 15
    assert moved > 15 or settings == {"crop_probability": 1, "crop": 0.5}


@pytest.mark.parametrize("preset", ["standard", "strong"])
def test_image_and_mask_move_together(preset: str) -> None:
    _, mask = head()
    image = np.repeat((mask > 0).astype(np.float32)[None], 2, axis=0)
    augment = Augmenter(augment_settings(preset, GEOMETRY))
    for seed in range(30):
        new_image, new_mask = augment(image, mask, seed)
        drawn, kept = new_image[0] > 0.5, new_mask > 0
        assert 2 * (drawn & kept).sum() / (drawn.sum() + kept.sum()) > 0.98


def test_the_head_keeps_its_outline() -> None:
    image, _ = head()
    outline = np.asarray(image.any(axis=0), np.uint8)
    augment = Augmenter(augment_settings("strong", GEOMETRY))
    for seed in range(20):
        new_image, new_outline = augment(image - 3 * outline, outline, seed)
        assert np.array_equal(new_image.any(axis=0), new_outline > 0)


def test_what_comes_in_from_outside_is_black() -> None:
    image, mask = np.ones((4, H, W), np.float32), np.ones((H, W), np.uint8)
    settings = augment_settings("none", {"affine_probability": 1, "zoom": (0.5, 0.5)})
    new_image, new_mask = Augmenter(settings)(image, mask, 0)
    assert not new_image[:, :40].any()
    assert not new_mask[:40].any()
    assert new_mask[H // 2, W // 2] == 1
    assert new_mask.sum() == pytest.approx(H * W / 4, rel=0.02)


@pytest.mark.parametrize(("plane", "swapped"), [("axial", True), ("coronal", True), ("sagittal", False)])
def test_left_and_right_are_the_first_axis_but_for_sagittal_slices(plane: str, swapped: bool) -> None:
    image, mask = head()
    new_image, new_mask = Augmenter(augment_settings("none", {"flip_lr": 1}), plane)(image, mask, 0)  # type: ignore[arg-type]
    assert np.array_equal(new_image, image[:, ::-1] if swapped else image)
    assert np.array_equal(new_mask, mask[::-1] if swapped else mask)


def test_up_and_down_are_the_second_axis() -> None:
    image, mask = head()
    new_image, new_mask = Augmenter(augment_settings("none", {"flip_ud": 1}), "sagittal")(image, mask, 0)
    assert np.array_equal(new_image, image[:, :, ::-1])
    assert np.array_equal(new_mask, mask[:, ::-1])


def test_quarter_turns_are_exact_and_all_three_come() -> None:
    rng = np.random.default_rng(0)
    image = rng.standard_normal((3, 40, 40)).astype(np.float32)
    mask = rng.integers(0, 8, (40, 40), np.uint8)
    augment = Augmenter(augment_settings("none", {"quarter_turns": 1}))
    found = set()
    for seed in range(40):
        new_image, new_mask = augment(image, mask, seed)
        (turns,) = [turns for turns in range(4) if np.array_equal(new_mask, np.rot90(mask, turns))]
        assert np.array_equal(new_image, np.rot90(image, turns, axes=(1, 2)))
        found.add(turns)
    assert found == {1, 2, 3}


def test_a_turn_of_an_oblong_slice_keeps_its_middle() -> None:
    """2 x 4 turned left is 4 x 2: its two middle rows fit, and a column of nothing comes in on either side."""
    oblong = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
    assert turn(oblong, 1).tolist() == [[0, 3, 7, 0], [0, 2, 6, 0]]
    assert turn(oblong, 2).tolist() == [[8, 7, 6, 5], [4, 3, 2, 1]]


def test_a_crop_is_a_part_of_the_slice_magnified_to_its_whole_size() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        matrix = draw_crop((H, W), 0.5, rng)
        corners = np.linalg.inv(matrix) @ np.array([[-0.5, W - 0.5], [-0.5, H - 0.5], [1, 1]])
        left, right, top, bottom = *corners[0], *corners[1]
        assert -0.5 <= left < right <= W - 0.5 + 1e-9
        assert -0.5 <= top < bottom <= H - 0.5 + 1e-9
        share = (right - left) / W
        assert 0.5 <= share <= 1
        assert (bottom - top) / H == pytest.approx(share)


def test_bending_never_folds_and_stays_in_its_range() -> None:
    """At the largest amplitude that is taken, every pixel's neighbours stay on their side of it."""
    settings = augment_settings("none", {"elastic": 0.095, "elastic_points": 5})
    rng = np.random.default_rng(0)
    for _ in range(50):
        across, down = draw_bend((H, W), settings, rng).astype(np.float64)
        assert max(np.abs(across).max(), np.abs(down).max()) <= 0.095 * W
        jacobian = (1 + np.gradient(across, axis=1)) * (1 + np.gradient(down, axis=0)) - np.gradient(
            across, axis=0
        ) * np.gradient(down, axis=1)
        assert jacobian.min() > 0
    assert np.abs(across).max() > 0.02 * W


def test_a_uniform_bend_is_a_shift() -> None:
    image, mask = head()
    bend = np.stack([np.full((H, W), 3.0), np.full((H, W), -2.0)]).astype(np.float32)
    new_image, new_mask = warp(image, mask, None, bend)
    assert np.array_equal(new_mask[2:, :-3], mask[:-2, 3:])
    assert np.allclose(new_image[:, 2:, :-3], image[:, :-2, 3:], atol=1e-5)


def test_bend_and_affine_together_are_one_after_the_other() -> None:
    """A bend by nothing leaves the affine map's own answer."""
    image, mask = head()
    matrix = draw_affine((H, W), PRESETS["strong"], np.random.default_rng(3))
    plain, straight = warp(image, mask, matrix), warp(image, mask, matrix, np.zeros((2, H, W), np.float32))
    assert (plain[1] != straight[1]).mean() < 1e-3
    assert np.abs(plain[0] - straight[0]).mean() < 0.02


def test_neighbours_move_together_and_each_modality_varies_alike_on_all_of_them() -> None:
    """Three slices of two modalities, the same voxels on all three: they are the same afterwards too."""
    image, mask = head()
    stack = np.tile(image[:2], (3, 1, 1))
    augment = Augmenter(augment_settings("strong", {"noise_probability": 0, "modality_dropout": 0.3}))
    dropped = 0
    for seed in range(30):
        new_image, _ = augment(stack, mask, seed, slices=3)
        below, here, above = new_image.reshape(3, 2, H, W)
        assert np.array_equal(below, here)
        assert np.array_equal(above, here)
        dropped += not here.any(axis=(1, 2)).all()
    assert 3 < dropped < 20


def test_flips_come_as_often_as_asked() -> None:
    image, mask = head()
    augment = Augmenter(augment_settings("none", {"flip_lr": 0.25}))
    flips = sum(not np.array_equal(augment(image, mask, seed)[1], mask) for seed in range(400))
    assert flips == pytest.approx(100, abs=30)  # 3.5 standard deviations


def test_a_quarter_turn_by_hand() -> None:
    # about the centre of 3 x 3, (column, row) = (2, 1) goes to (1, 2) when columns turn towards rows
    mask = np.array([[0, 0, 0], [0, 0, 5], [0, 0, 0]], np.uint8)
    turn = np.array([[0.0, -1.0, 2.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    image, turned = warp(mask[None].astype(np.float32), mask, turn)
    assert turned.tolist() == [[0, 0, 0], [0, 0, 0], [0, 5, 0]]
    assert np.allclose(image[0], turned, atol=1e-5)


def test_the_drawn_map_stays_in_its_ranges_and_keeps_the_centre() -> None:
    settings = augment_settings("none", {"rotate_degrees": 30, "zoom": (0.5, 2.0)})
    rng = np.random.default_rng(0)
    maps = [draw_affine((H, W), settings, rng) for _ in range(500)]
    angles = np.degrees([np.arctan2(m[1, 0], m[0, 0]) for m in maps])
    zooms = np.array([np.hypot(m[1, 0], m[0, 0]) for m in maps])
    centre = np.array([(W - 1) / 2, (H - 1) / 2, 1])
    assert np.abs(angles).max() == pytest.approx(30, abs=1)
    assert zooms.min() == pytest.approx(0.5, abs=0.02)
    assert zooms.max() == pytest.approx(2, abs=0.05)
    assert np.median(zooms) == pytest.approx(1, abs=0.1)
    assert np.allclose([m @ centre for m in maps], centre)


def test_shifts_are_shares_of_each_side() -> None:
    rng = np.random.default_rng(0)
    maps = np.array([draw_affine((100, 400), augment_settings("none", {"shift": 0.1}), rng) for _ in range(500)])
    columns, rows = np.abs(maps[:, 0, 2]), np.abs(maps[:, 1, 2])
    assert columns.max() == pytest.approx(40, abs=1)
    assert rows.max() == pytest.approx(10, abs=0.5)


def test_more_modalities_than_opencv_takes_at_once() -> None:
    _, mask = head()
    image = np.repeat((mask > 0).astype(np.float32)[None], 6, axis=0)
    new_image, _ = Augmenter(augment_settings("none", {"affine_probability": 1, "rotate_degrees": 20}))(image, mask, 3)
    assert all(np.array_equal(channel, new_image[0]) for channel in new_image)


def test_settings_are_validated() -> None:
    with pytest.raises(ArgumentError, match="no augmentation is called 'heavy'; known: none, light, standard, strong"):
        augment_settings("heavy")
    with pytest.raises(ArgumentError, match=r"augment has no argument 'wobble'; known: .*rotate_degrees"):
        augment_settings("light", {"wobble": 1})
    with pytest.raises(ArgumentError, match="the smaller first"):
        augment_settings("light", {"zoom": (1.2, 0.8)})
    with pytest.raises(ArgumentError, match=r"elastic 0\.15 folds the slice with 5 control points: at most 0\.096"):
        augment_settings("none", {"elastic": 0.15})


def test_every_setting_is_described() -> None:
    fields = PRESETS["none"].__class__.model_fields
    assert {"elastic", "crop", "bias_field", "blur", "flip_ud", "quarter_turns", "modality_dropout"} <= set(fields)
    assert all(field.description and field.description.endswith(".") for field in fields.values())
