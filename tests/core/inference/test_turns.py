"""The symmetries of a slice: which there are, and that each is undone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.inference.turns import turns


@pytest.mark.parametrize(("height", "width", "count"), [(3, 5, 4), (4, 4, 8)])
def test_every_symmetry_once_the_identity_first_and_each_is_undone(height: int, width: int, count: int) -> None:
    slices = np.arange(2 * height * width, dtype=np.float32).reshape(1, 2, height, width)
    turned = [turn.of(slices) for turn in turns(height, width)]
    assert np.array_equal(turned[0], slices)
    assert len({each.tobytes() for each in turned}) == count
    assert {each.shape for each in turned} == {slices.shape}
    for turn, each in zip(turns(height, width), turned, strict=True):
        assert np.array_equal(turn.back(torch.from_numpy(each)).numpy(), slices)


def test_a_rectangle_is_flipped_along_both_axes() -> None:
    corner = np.zeros((1, 1, 2, 3), np.float32)
    corner[0, 0, 0, 0] = 1
    found = {tuple(np.argwhere(turn.of(corner)[0, 0])[0].tolist()) for turn in turns(2, 3)}
    assert found == {(0, 0), (0, 2), (1, 0), (1, 2)}
