"""What lies under the pointer and the crosshair, and windows in numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.pages.viewer.conftest import Hand
from tests.pages.viewer.harness.volumes import MARKER_AT

Open = Callable[[str], Hand]


def reading(hand: Hand) -> list[str]:
    hand.rest()
    return [" ".join(text.split()) for text in hand.root.locator(".reading > span").all_inner_texts()]


def numbers(hand: Hand) -> str:
    hand.rest()
    return hand.root.get_by_role("button", name="type it").inner_text()


def test_the_line_reads_every_sequence_and_every_mask(open_viewer: Open) -> None:
    hand = open_viewer("case=anisotropic&hounsfield=1")
    hand.press("a", "Home", *["ArrowDown"] * 5, "}")  # brighter: 976 is white
    hand.rest()
    white = hand.white()
    box = hand.panels.first.bounding_box()
    assert white
    assert box
    hand.page.mouse.move(box["x"] + white[0], box["y"] + white[1])
    # voxel (9, 7, 5), spacing 1, 2, 4 mm, origin -10, 20, 5; stored 1000 and 400 are worth 976 and -224
    assert reading(hand) == ["voxel 9 7 5 · −1.0 34.0 25.0 mm", "A 976", "B −224", "Ground truth –", "Model –"]
    # beside the image there is nothing to read
    hand.over(0, 0.01, 0.5)
    assert reading(hand) == []
    # with the hand elsewhere the line reads the crosshair: reference and model differ by one column
    hand.page.mouse.move(1, 1)
    hand.press("Home", *["ArrowDown"] * 3)
    while hand.cursor[0] != 3:
        hand.press("Shift+ArrowRight" if hand.cursor[0] > 3 else "Shift+ArrowLeft")
        hand.rest()
    while hand.cursor[1] != 4:
        hand.press("Shift+ArrowDown" if hand.cursor[1] > 4 else "Shift+ArrowUp")
        hand.rest()
    assert reading(hand)[3:] == ["Ground truth WT", "Model –"]
    hand.press("Shift+ArrowLeft")
    assert reading(hand)[3:] == ["Ground truth WT TC", "Model WT TC"]


def test_without_geometry_there_are_no_millimetres(open_viewer: Open) -> None:
    hand = open_viewer("case=nowhere")
    assert reading(hand)[0] == "voxel " + " ".join(str(at) for at in hand.cursor)


def test_typed_windows_apply_with_enter_and_bad_numbers_change_nothing(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    runs = hand.runs
    assert numbers(hand) == "0 – 1000"
    hand.root.get_by_role("button", name="type it").focus()
    hand.page.keyboard.press("Enter")
    dialog = hand.root.get_by_role("dialog", name="Window in numbers")
    field = {name: dialog.get_by_label(name) for name in ("Low", "High", "Level", "Width")}
    # the focus is in the first field, its text selected
    hand.page.keyboard.type("100")
    hand.page.keyboard.press("Tab")
    hand.page.keyboard.type("700,5")
    hand.page.keyboard.press("Enter")
    assert numbers(hand) == "100 – 701"
    assert [field[name].input_value() for name in field] == ["100", "700.5", "400.25", "600.5"]
    field["Level"].fill("40")
    field["Width"].fill("80")
    field["Width"].press("Enter")
    assert numbers(hand) == "0 – 80"
    assert hand.pixel(45, 205)[0] == 255
    for name, typed, sentence in (
        ("Low", "dark", "Found “dark”, expected a number such as 40 or −12.5."),
        ("Low", "", "Found “”, expected a number"),
        ("Low", "80", "The high end must lie above the low end."),
        ("Width", "0", "The width must be larger than 0."),
        ("Width", "1e999", "Found “1e999”"),
    ):
        field[name].fill(typed)
        field[name].press("Enter")
        assert sentence in dialog.get_by_role("alert").inner_text()
        assert numbers(hand) == "0 – 80"
        field["Low"].fill("0")
        field["Width"].fill("80")
    # letters that are keys elsewhere are only letters here
    plane = hand.data("plane")
    field["Low"].press("c")
    assert hand.data("plane") == plane
    field["Low"].press("Escape")
    assert dialog.is_hidden()
    assert "type it" in str(hand.page.evaluate("document.activeElement.shadowRoot?.activeElement.ariaLabel"))
    assert hand.runs == runs


@pytest.mark.parametrize(("query", "brain"), [("case=cube", False), ("case=cube&hounsfield=1", True)])
def test_hounsfield_windows_are_offered_where_python_says_ct(open_viewer: Open, query: str, brain: bool) -> None:
    hand = open_viewer(query)
    offered = hand.root.get_by_label("Window", exact=True).locator("option").all_inner_texts()
    assert ("brain" in offered) == brain
    assert ("soft" in offered) != brain
    if brain:
        hand.root.get_by_label("Window", exact=True).select_option("brain")
        assert numbers(hand) == "0 – 80"
        hand.press("a", "Home", *["ArrowDown"] * MARKER_AT[2])
        hand.rest()
        # stored 400 is worth -224 and lies below the window, the marker's 976 above it
        assert hand.pixel(45, 205)[0] == 0
        assert hand.white()
