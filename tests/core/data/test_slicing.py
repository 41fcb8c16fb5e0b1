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
