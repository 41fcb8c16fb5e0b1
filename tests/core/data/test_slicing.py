"""Cutting volumes into slices and placing slices in a network's canvas."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.slicing import PLANES, Plane, cut, fit_slice, head_slices, join

VOLUME = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)  # (C, X, Y, Z)


@pytest.mark.parametrize(
    ("plane", "shape", "expected"),
    [
        ("axial", (5, 2, 3, 4), VOLUME[:, :, :, 3]),
        ("coronal", (4, 2, 3, 5), VOLUME[:, :, 3, :]),
        ("sagittal", (3, 2, 4, 5), VOLUME[:, 2, :, :]),
    ],
)
def test_a_slice_is_the_volume_with_one_axis_removed(
    plane: Plane, shape: tuple[int, ...], expected: np.ndarray
) -> None:
    slices = cut(VOLUME, plane)
    assert slices.shape == shape
    assert np.array_equal(slices[3 if plane != "sagittal" else 2], expected)


@pytest.mark.parametrize(
    ("plane", "index", "row", "column"), [("axial", 4, 1, 2), ("coronal", 2, 1, 4), ("sagittal", 1, 2, 4)]
)
def test_a_known_voxel_lands_where_it_should_in_each_plane(plane: Plane, index: int, row: int, column: int) -> None:
    """The voxel x = 1, y = 2, z = 4."""
    marker = np.zeros((3, 4, 5), np.uint8)
    marker[1, 2, 4] = 1
    assert np.argwhere(cut(marker, plane)).tolist() == [[index, row, column]]


@pytest.mark.parametrize("plane", PLANES)
def test_joining_undoes_cutting_without_copying(plane: Plane) -> None:
    back = join(cut(VOLUME, plane), plane)
    assert np.array_equal(back, VOLUME)
    assert np.shares_memory(back, VOLUME)


def test_air_slices_are_those_without_any_head() -> None:
    head = np.zeros((4, 3, 3), bool)
    head[1, 2, 2] = head[3, 0, 0] = True
    assert head_slices(head).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("shape", "size", "stride", "canvas", "before"),
    [
        ((137, 172), (160, 192), 16, (160, 192), (11, 10)),
        ((137, 172), None, 16, (144, 176), (3, 2)),
        ((161, 192), (160, 192), 16, (176, 192), (7, 0)),
        ((10, 10), None, 32, (32, 32), (11, 11)),
        ((32, 64), None, 32, (32, 64), (0, 0)),
    ],
)
def test_the_canvas_holds_slice_and_size_and_is_a_multiple_of_the_stride(
    shape: tuple[int, int], size: tuple[int, int] | None, stride: int, canvas: tuple[int, int], before: tuple[int, int]
) -> None:
    fit = fit_slice(shape, size, stride)
    assert (fit.canvas, fit.before) == (canvas, before)


def test_cropping_undoes_padding_and_nothing_is_cut_off() -> None:
    image = np.random.default_rng(0).random((2, 3, 33, 17))
    fit = fit_slice((33, 17), (32, 32), 16)
    padded = fit.pad(image)
    assert padded.shape == (2, 3, 48, 32)
    assert padded.sum() == pytest.approx(image.sum())
    assert np.array_equal(fit.crop(padded), image)


@pytest.mark.parametrize(
    ("shape", "size", "stride", "scaled", "canvas", "before"),
    [
        # 192 / 240 = 0.8: 137 x 0.8 = 109.6
        ((137, 240), 192, 32, (110, 192), (192, 192), (41, 0)),
        # the longer side is the first: 100 x 128 / 60
        ((100, 60), 128, 32, (128, 77), (128, 128), (0, 25)),
        # 100 is no multiple of 32
        ((50, 50), 100, 32, (100, 100), (128, 128), (14, 14)),
        ((64, 48), 64, 16, (64, 48), (64, 64), (0, 8)),
    ],
)
def test_one_number_is_the_longer_sides_length(
    shape: tuple[int, int], size: int, stride: int, scaled: tuple[int, int], canvas: tuple[int, int],
    before: tuple[int, int],
) -> None:  # fmt: skip
    fit = fit_slice(shape, size, stride)
    assert (fit.scaled, fit.canvas, fit.before) == (scaled, canvas, before)
    assert fit.resizes == (scaled != shape)


def test_halving_averages_four_pixels_and_takes_masks_from_one_of_them() -> None:
    image = np.arange(1, 17, dtype=np.float32).reshape(1, 4, 4)
    fit = fit_slice((4, 4), 2, 2)
    assert fit.place(image)[0].tolist() == [[3.5, 5.5], [11.5, 13.5]]
    # the pixel whose centre is nearest, the later of two
    assert fit.place_mask(image[0].astype(np.uint8)).tolist() == [[6, 8], [14, 16]]


def test_doubling_is_linear_between_pixel_centres() -> None:
    """Centres of new pixels lie at a quarter and three quarters of the old one's."""
    image = np.array([[[4.0, 8.0], [4.0, 8.0]]], np.float32)
    assert fit_slice((2, 2), 4, 2).place(image)[0, 0].tolist() == [4, 5, 7, 8]


def test_resizing_keeps_background_black_and_masks_whole() -> None:
    rng = np.random.default_rng(0)
    image = (rng.random((3, 90, 70)) + 1).astype(np.float32)
    mask = rng.choice(np.array([0, 1, 3, 7], np.uint8), (90, 70))
    image[:, :30] = 0
    image[1] = 0  # a modality of zeros
    for size in (40, 200):
        fit = fit_slice((90, 70), size, 8)
        placed, moved = fit.crop(fit.place(image)), fit.crop(fit.place_mask(mask))
        first = round(30 * size / 90)
        assert not placed[:, : first - 1].any()
        assert not placed[1].any()
        assert (placed[0, first + 1 :] >= 1).all(), "no blend of head and background at its edge"
        assert set(np.unique(moved)) == {0, 1, 3, 7}


def test_slices_are_placed_alike_alone_and_together() -> None:
    image = np.random.default_rng(0).standard_normal((3, 2, 50, 41)).astype(np.float32)
    for size in (64, 32, (64, 64), None):
        fit = fit_slice((50, 41), size, 16)
        assert np.array_equal(fit.place(image), np.stack([fit.place(one) for one in image]))
