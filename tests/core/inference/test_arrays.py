"""What is done with logits gives the same on numpy's arrays as on torch's tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from core.inference.arrays import Floats, entr, quantised, resized, sigmoid, softmax
from core.inference.turns import turns
from core.inference.uncertainty import PassMean


def logits(*shape: int) -> Floats:
    return np.random.default_rng(0).normal(0, 20, shape).astype(np.float32)


@pytest.mark.parametrize("of", [sigmoid, softmax])
def test_shares_are_torch_s_where_logits_are_huge_too(of: Callable[[Any], Any]) -> None:
    given = logits(2, 3, 8, 9)
    given[0, :, 0, :3] = [[-200, 0, 200], [200, 0, 200], [0, 0, -1e30]]
    found = of(given)
    assert found.dtype == np.float32
    assert np.abs(found - of(torch.from_numpy(given)).numpy()).max() < 1e-6


@pytest.mark.parametrize("size", [(7, 5), (14, 10), (3, 11), (1, 1), (20, 6), (240, 239)])
def test_resizing_is_torch_s_with_corners_apart(size: tuple[int, int]) -> None:
    given = logits(2, 3, 7, 5)
    found = resized(given, size)
    assert found.shape == (2, 3, *size)
    assert found.dtype == np.float32
    assert np.abs(found - resized(torch.from_numpy(given), size).numpy()).max() < 2e-5, "of logits up to 60"


def test_two_pixels_become_four_by_hand() -> None:
    """New centres lie at -0.25, 0.25, 0.75 and 1.25 of the old ones: the edge, a quarter, three quarters, the edge."""
    found = resized(np.array([[[[0.0, 4.0]]]], np.float32), (1, 4))
    assert found.ravel().tolist() == [0.0, 1.0, 3.0, 4.0]


def test_entropy_s_terms_and_bytes_are_torch_s() -> None:
    shares = np.linspace(0, 1, 1021, dtype=np.float32)
    assert np.abs(entr(shares) - entr(torch.from_numpy(shares)).numpy()).max() < 1e-6
    assert np.array_equal(quantised(shares), quantised(torch.from_numpy(shares)))
    assert quantised(np.array([0, 0.5, 1], np.float32)).tolist() == [0, 128, 255]


@pytest.mark.parametrize(("height", "width"), [(3, 5), (4, 4)])
def test_every_turn_is_undone_as_torch_undoes_it(height: int, width: int) -> None:
    slices = logits(1, 2, height, width)
    for turn in turns(height, width):
        turned = turn.of(slices)
        assert np.array_equal(turn.back(turned), slices)
        assert np.array_equal(turn.back(torch.from_numpy(turned)).numpy(), slices)


@pytest.mark.parametrize("exclusive", [False, True])
def test_the_mean_of_passes_and_its_maps_are_those_of_torch(exclusive: bool) -> None:
    ours: PassMean[Floats] = PassMean(exclusive)
    theirs: PassMean[torch.Tensor] = PassMean(exclusive)
    for number in range(3):
        shares = softmax(logits(2, 4, 6, 5) / (number + 3))
        ours.add(shares)
        theirs.add(torch.from_numpy(shares))
    assert np.abs(ours.mean() - theirs.mean().numpy()).max() < 1e-6
    difference = ours.maps().astype(int) - theirs.maps()
    assert np.abs(difference).max() <= 1, "float32 may round the other way"
    assert (difference != 0).mean() < 0.01
