"""3D under the viewer: off it costs nothing, on it follows the crosshair when the hand rests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.pages.viewer.conftest import Hand

Open = Callable[[str], Hand]

READ = """() => {
  const plot = document.querySelector(".js-plotly-plot");
  return (plot?._fullData ?? []).map(({ name, x, y, z }) => [name, [...x], [...y], [...z]]);
}"""


def traces(hand: Hand) -> dict[str, list[list[float]]]:
    read: list[list[Any]] = hand.page.evaluate(READ)
    return {name: places for name, *places in read}


def crosshair(hand: Hand) -> list[float]:
    """Millimetres, read from the two lines that stand on each axis."""
    found = traces(hand)
    along = {name.split(", ")[1]: places for name, places in found.items() if name.startswith("Crosshair")}
    return [along["top to bottom"][0][0], along["top to bottom"][1][0], along["right to left"][2][0]]


def wait_for(hand: Hand, at_mm: list[float]) -> None:
    for _ in range(60):
        found = traces(hand)
        if any(name.startswith("Crosshair") for name in found) and crosshair(hand) == pytest.approx(at_mm):
            return
        hand.page.wait_for_timeout(250)
    raise AssertionError(f"the crosshair is at {crosshair(hand)}, expected {at_mm}")


@pytest.mark.slow
def test_3d_follows_the_crosshair_while_it_is_open_and_only_then(open_viewer: Open) -> None:
    hand = open_viewer("case=anisotropic&surfaces=1")
    runs = hand.runs
    hand.press("ArrowDown", "ArrowUp", "c", "ArrowDown", "a")
    hand.page.wait_for_timeout(1200)
    assert hand.runs == runs  # scrolling runs no Python

    # voxels of 1, 2 and 4 mm from (-10, 20, 5): what the slices have is where the surfaces are
    switch = hand.page.get_by_role("switch", name="3D")
    switch.focus()
    hand.page.keyboard.press("Space")
    x, y, z = hand.cursor
    wait_for(hand, [-10.0 + x, 20.0 + 2 * y, 5.0 + 4 * z])
    names = set(traces(hand))
    assert {"Ground truth, whole tumour", "Ground truth, tumour core", "Directions"} <= names
    hand.press("ArrowUp", "ArrowUp")
    hand.page.wait_for_timeout(200)
    wait_for(hand, [-10.0 + x, 20.0 + 2 * y, 5.0 + 4 * (z - 2)])
    assert hand.cursor == (x, y, z - 2)

    hand.page.get_by_role("button", name="Model").focus()
    hand.page.keyboard.press("Enter")
    hand.page.wait_for_function(f"({READ})().some(([name]) => name.startsWith('Model'))")
    hand.page.get_by_role("radio", name="Left", exact=True).focus()
    hand.page.keyboard.press("Space")
    hand.page.wait_for_function("document.querySelector('.js-plotly-plot')?.layout?.scene.camera.eye.x < -1")

    switch.focus()
    hand.page.keyboard.press("Space")
    hand.page.locator(".js-plotly-plot").wait_for(state="detached")
    hand.page.wait_for_timeout(500)
    runs = hand.runs
    hand.press("ArrowDown", "ArrowDown")
    hand.page.wait_for_timeout(1200)
    assert hand.runs == runs


def test_without_geometry_it_says_what_is_missing(open_viewer: Open) -> None:
    hand = open_viewer("case=nowhere&surfaces=1")
    hand.page.get_by_text("3D", exact=True).click()
    hand.page.get_by_text("3D needs voxel sizes in millimetres, and these images have none.").wait_for()
