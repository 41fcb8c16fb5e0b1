"""Which slices go through a network together, and in which order."""

from __future__ import annotations

import numpy as np
import pytest

from core.inference.batches import batch_of, parts_of, parts_outward


@pytest.mark.parametrize(
    ("canvas", "slices"), [((160, 192), 8), ((256, 256), 8), ((512, 512), 2), ((1024, 1024), 1), ((32, 32), 8)]
)
def test_large_slices_go_few_at_a_time(canvas: tuple[int, int], slices: int) -> None:
    """A batch holds the pixels of eight slices of 256 x 256, and at least one slice."""
    assert batch_of(canvas) == slices


@pytest.mark.parametrize("count", [0, 1, 8, 9, 155])
def test_every_slice_goes_through_once(count: int) -> None:
    found = [index for part in parts_of(count, (256, 256)) for index in part]
    assert sorted(found) == list(range(count))
    assert all(len(part) <= 8 for part in parts_of(count, (256, 256)))


def test_the_slice_on_screen_goes_alone_and_the_rest_outward() -> None:
    """Stored slices 3, 4, 5, 9, 10 of the full grid, slice 5 on screen: 4 is one away, 3 two, 9 four, 10 five."""
    index = (3, 4, 5, 9, 10)
    parts = list(parts_outward(index, 5, (256, 256)))
    assert [index[at] for at in parts[0]] == [5]
    assert [index[at] for at in np.concatenate(parts)] == [5, 4, 3, 9, 10]


def test_beside_air_the_nearest_slice_comes_first() -> None:
    parts = list(parts_outward((3, 4, 9), 7, (256, 256)))
    assert parts[0].tolist() == [2]


def test_a_case_without_slices_has_no_first() -> None:
    assert list(parts_outward((), 7, (256, 256))) == []
