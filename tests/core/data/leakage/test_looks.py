"""A look outlasts what a copy suffers, and tells one head from another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from core.data.leakage.looks import look_of
from tests.core.data.leakage.conftest import head

Image = npt.NDArray[np.float32]
ENDS = (650.0, 1400.0)  # of the made-up heads' first channel

RNG = np.random.default_rng(5)
CHANGES: dict[str, Callable[[Image], Any]] = {
    "noise of 2 %": lambda image: image + RNG.normal(0, 28, image.shape),
    "noise inside the head": lambda image: image + RNG.normal(0, 42, image.shape) * (image != 0),
    "brighter": lambda image: 1.3 * image,
    "a shift by a pixel": lambda image: np.roll(image, (1, -1), (0, 1)),
    "a crop": lambda image: image[2:-1, 1:-2],
    "eight bits": lambda image: np.round(image / 1400 * 255).clip(0, 255) / 255 * 1400,
    "all of them": lambda image: 0.9 * image[1:-1, 2:-1] + RNG.normal(0, 20, image[1:-1, 2:-1].shape),
}


def correlation(one: Image, other: Image) -> float:
    looks = [look_of(np.asarray(image, np.float32), *ENDS) for image in (one, other)]
    a, b = (np.asarray(look, np.float64).ravel() for look in looks if look is not None)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_looks_the_same_after(change: str) -> None:
    image = head(0, 50)[0, :, :, 25].astype(np.float32)
    assert correlation(image, CHANGES[change](image)) > 0.96


def test_two_heads_of_one_outline_do_not() -> None:
    slices = [head(seed, 3)[0, :, :, 1].astype(np.float32) for seed in range(8)]
    assert max(correlation(a, b) for n, a in enumerate(slices) for b in slices[:n]) < 0.5


def test_what_shows_next_to_nothing_has_no_look() -> None:
    blank = np.zeros((72, 80), np.float32)
    assert look_of(blank, *ENDS) is None
    dot = blank.copy()
    dot[40:56, 40:54] = RNG.normal(1000, 200, (16, 14))  # 224 of 5760 pixels are 3.9 %
    assert look_of(dot, *ENDS) is None
    flat = blank.copy()
    flat[10:60, 10:70] = 1000
    assert look_of(flat, *ENDS) is None, "nothing stands out inside"
