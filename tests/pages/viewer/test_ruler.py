"""The ruler reads millimetres, by hand and by keys, on every kind of grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.pages.viewer.conftest import Hand
from tests.pages.viewer.harness.volumes import CASES

Open = Callable[[str], Hand]


def words(hand: Hand) -> str:
    """What the row of tools says of the one ruler, or how many there are."""
    hand.rest()
    return hand.root.locator(".ruler .popover-place > button").inner_text()


def drawn(hand: Hand, panel: int) -> int:
    """Pixels in the colour of a ruler that is chosen."""
    script = """canvas => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let n = 0;
      for (let i = 0; i < data.length; i += 4) n += data[i] === 95 && data[i + 1] === 208 && data[i + 2] === 255;
      return n;
    }"""
    return int(hand.panels.nth(panel).locator("canvas").evaluate(script))


def drag(hand: Hand, start: tuple[float, float], end: tuple[float, float] | None = None) -> None:
    """Press in the first panel, so many pixels from its middle, and let go there or elsewhere."""
    width, height = hand.size()
    hand.over(0, 0.5 + start[0] / width, 0.5 + start[1] / height)
    hand.page.mouse.down()
    if end:
        hand.over(0, 0.5 + end[0] / width, 0.5 + end[1] / height)
    hand.page.mouse.up()
    hand.rest()


def rule(hand: Hand, *steps: str) -> None:
    hand.press("Enter", *steps, "Enter")


@pytest.mark.parametrize("case", ["anisotropic", "oblique", "nowhere"])
def test_keys_measure_the_affines_millimetres_in_every_plane(open_viewer: Open, case: str) -> None:
    hand = open_viewer(f"case={case}&tools=1")
    affine = CASES[case].affine
    linear = np.eye(3) if affine is None else affine[:3, :3]
    unit = "voxels" if affine is None else "mm"
    hand.press("r")
    # on the screen three to the left and two down, whichever way the voxels run
    for key, (u, v) in (("a", (0, 1)), ("c", (0, 2)), ("s", (1, 2))):
        hand.press(key)
        before = np.array(hand.cursor)
        rule(hand, "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowDown", "Shift+ArrowDown")
        hand.rest()
        moved = np.array(hand.cursor) - before
        assert (abs(moved[u]), abs(moved[v])) == (3, 2)
        plane = {"a": "axial", "c": "coronal", "s": "sagittal"}[key]
        assert words(hand).startswith(f"{np.linalg.norm(linear @ moved):.1f} {unit}, {plane} ")
        hand.press("Delete", *["Shift+ArrowRight"] * 3, *["Shift+ArrowUp"] * 2)
        hand.rest()
        assert hand.root.locator(".ruler .popover-place").is_hidden()


def test_a_drag_draws_in_every_panel_of_the_plane_and_stays_on_its_slice(open_viewer: Open) -> None:
    hand = open_viewer("case=anisotropic&tools=1")
    runs, cursor = hand.runs, hand.cursor
    hand.press("a", "r")
    drag(hand, (0, 0), (60, 80))
    # the box of ten by eight voxels of 1 x 2 mm fills the panel as far as the margins let it
    width, height = hand.size()
    per_mm = min((width - 52) / 10, (height - 44) / 16)
    assert float(words(hand).split(" ")[0]) == pytest.approx(100 / per_mm, abs=0.06)
    assert hand.cursor == cursor  # the crosshair stays
    assert all(drawn(hand, panel) > 60 for panel in range(4))
    for key, panel, shown in (("ArrowDown", 0, False), ("ArrowUp", 1, True), ("c", 0, False), ("a", 3, True)):
        hand.press(key)
        hand.rest()
        assert (drawn(hand, panel) > 60) == shown
    assert hand.runs == runs


def test_a_ruler_is_chosen_moved_by_an_end_and_deleted(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&tools=1")
    cursor = hand.cursor
    hand.press("r")
    drag(hand, (0, 0), (60, 80))
    before = float(words(hand).split(" ")[0])
    drag(hand, (60, 80), (50, 0))  # its end is taken; the start stays
    assert float(words(hand).split(" ")[0]) == pytest.approx(before / 2, abs=0.06)

    drag(hand, (-60, -60))  # a press elsewhere lets go of it
    assert drawn(hand, 0) == 0
    hand.press("Delete")
    assert words(hand)
    drag(hand, (25, 0))  # on its line chooses it again
    assert drawn(hand, 0) > 40
    hand.press("Delete")
    hand.rest()
    assert hand.root.locator(".ruler .popover-place").is_hidden()

    hand.press("r")
    hand.rest()
    assert hand.root.get_by_role("button", name="Ruler").get_attribute("aria-pressed") == "false"
    assert hand.cursor == cursor
    drag(hand, (-60, -60))  # without the ruler a press moves the crosshair again
    assert hand.cursor != cursor


def test_several_are_listed_gone_to_deleted_and_cleared_by_keys(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&tools=1")
    hand.press("a", "r", "Home", "ArrowDown", "ArrowDown")
    rule(hand, "Shift+ArrowLeft")
    assert words(hand) == "1.0 mm, axial 3"
    hand.press("s")
    hand.expect("plane", "sagittal")
    rule(hand, "Shift+ArrowUp", "Shift+ArrowUp")
    hand.press("c")
    rule(hand, "Shift+PageUp")
    assert words(hand) == "3 rulers"
    hand.root.locator(".ruler .popover-place > button").focus()
    hand.page.keyboard.press("Enter")
    rows = hand.root.get_by_role("dialog", name="Rulers").get_by_role("listitem")
    assert rows.first.inner_text().split("\n")[0] == "1.0 mm, axial 3"
    # the focus is on the first
    hand.page.keyboard.press("Enter")
    hand.expect("plane", "axial")
    hand.expect("slice", "2")
    rows.nth(1).get_by_role("button", name="Delete").focus()
    hand.page.keyboard.press("Enter")
    hand.rest()
    assert rows.count() == 2
    hand.root.get_by_role("button", name="Clear all").focus()
    hand.page.keyboard.press("Enter")
    hand.rest()
    assert hand.root.locator(".ruler .popover-place").is_hidden()
    # what is begun but not ended is given up by Escape, then the ruler itself
    hand.press("Enter", "Shift+ArrowLeft")
    hand.rest()
    assert drawn(hand, 0) > 10
    hand.press("Escape")
    hand.rest()
    assert drawn(hand, 0) == 0
    hand.press("Escape")
    hand.rest()
    assert hand.root.get_by_role("button", name="Ruler").get_attribute("aria-pressed") == "false"
