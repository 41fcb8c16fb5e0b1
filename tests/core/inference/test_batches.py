"""Which slices go through a network together, and in which order."""

from __future__ import annotations

import pytest

from core.inference.batches import batch_of, parts_near, parts_of


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


def test_neighbours_go_together_and_those_on_screen_first() -> None:
    """Two slices of 512 x 512 at a time; stored are 3, 4, 5, 9, 10 of the full grid: (3, 4), (5, 9) and (10)."""
    index = (3, 4, 5, 9, 10)

    def order(nearest: int) -> list[list[int]]:
        return [[index[at] for at in part] for part in parts_near(index, lambda: nearest, (512, 512))]

    assert order(3) == [[3, 4], [5, 9], [10]]
    assert order(8) == [[5, 9], [10], [3, 4]]
    assert order(100) == [[10], [5, 9], [3, 4]]


def test_whoever_looks_elsewhere_meanwhile_is_followed() -> None:
    looks = iter((0, 9, 9, 9, 9))
    parts = parts_near(range(10), lambda: next(looks), (512, 512))
    assert [part.tolist() for part in parts][:3] == [[0, 1], [8, 9], [6, 7]]


def test_a_case_without_slices_has_no_batches() -> None:
    assert list(parts_near((), lambda: 7, (256, 256))) == []
