"""A volume that no browser holds: full resolution near the slice, half of it elsewhere, memory bounded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.pages.viewer.conftest import Hand
from tests.pages.viewer.harness.volumes import LARGE_FROM_BYTES

Open = Callable[[str], Hand]

SLICES = 24
SLICE_BYTES = 512 * 512 * 2
HALF_BYTES = SLICES * SLICE_BYTES // 8


def grey_of(slice_: int) -> int:
    return (slice_ + 1) * 40 * 256 // 1000


def held_bytes(page: Page) -> int:
    """What the library of this page says that it holds of both volumes."""
    held = page.evaluate(
        """async () => {
          const link = document.head.querySelector('link[href$="/data/library.js"]');
          const { memory } = await import(link.href);
          return memory().shown;
        }"""
    )
    return int(held)


@pytest.mark.slow
def test_every_slice_is_drawn_in_its_grey_and_memory_stays_bounded(open_viewer: Open) -> None:
    hand = open_viewer("case=large")
    hand.strike("Home")
    width, height = hand.size()
    for at in range(SLICES):
        hand.page.wait_for_function(
            "([canvas, x, y, grey]) => Math.abs(canvas.getContext('2d').getImageData(x, y, 1, 1).data[0] - grey) <= 1",
            arg=[hand.panels.nth(0).locator("canvas").element_handle(), width / 3, height / 3, grey_of(at)],
            timeout=10_000,
        )
        assert held_bytes(hand.page) <= 2 * (LARGE_FROM_BYTES // 2 + HALF_BYTES + SLICE_BYTES)
        hand.strike("ArrowDown")
    assert 2 * SLICES * SLICE_BYTES > 2 * (LARGE_FROM_BYTES // 2 + HALF_BYTES + SLICE_BYTES)
    # the first slice was let go on the way, and comes again
    with hand.page.expect_request(lambda sent: sent.url.endswith("/slab/0")):
        hand.strike("Home")


def test_other_planes_are_drawn_from_the_half_copy_in_the_right_place(open_viewer: Open) -> None:
    """In the coronal plane each slice is a row, and two rows together have the mean of their greys."""
    hand = open_viewer("case=large")
    hand.strike("c")
    hand.rest()
    width, height = hand.size()
    extent = (512 * 0.5, 24 * 4.0)
    scale = min((width - 52) / extent[0], (height - 44) / extent[1])
    middle = 30 + (height - 44) / 2
    for at in (4, 5, 14, 15):
        pair = at // 2
        expected = (grey_of(2 * pair) + grey_of(2 * pair + 1)) / 2
        # the middle of both rows: interpolation between pixels leaves it as it is
        y = middle - (2 * pair + 0.5 - 11.5) * 4.0 * scale
        red, green, blue = hand.pixel(width / 2 + 9, y)
        assert red == green == blue
        assert abs(red - expected) <= 2
