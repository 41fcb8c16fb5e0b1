"""Three planes of one model, or every sequence under it: pixels, crosshair and keys agree in all panels at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.pages.viewer.conftest import Hand
from tests.pages.viewer.harness.volumes import MARKER_AT, SHAPE

Open = Callable[[str], Hand]
# axes along the screen's width and height; the marker's lies left and above the middle in every one
SCREEN = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}
SPACING = {"cube": (1.0, 1.0, 1.0), "anisotropic": (1.0, 2.0, 4.0)}


def captions(hand: Hand) -> list[str]:
    hand.rest()
    return hand.root.locator(".caption").all_inner_texts()


def steps(hand: Hand, panel: int, plane: str, spacing: tuple[float, ...]) -> float:
    """CSS pixels per mm: the head's box, one voxel smaller on every side, fits between the panel's margins."""
    width, height = hand.size(panel)
    u, v = SCREEN[plane]
    small = min(1.0, min(width, height) / 220)
    return min(
        (width - 52 * small) / ((SHAPE[u] - 2) * spacing[u]), (height - 44 * small) / ((SHAPE[v] - 2) * spacing[v])
    )


@pytest.mark.parametrize("case", ["cube", "anisotropic"])
def test_the_marker_lies_on_its_voxel_in_three_planes_at_once(open_viewer: Open, case: str) -> None:
    hand = open_viewer(f"case={case}&tools")
    spacing, runs = SPACING[case], hand.runs
    # every plane goes to its slice of the marker, one after the other, and back by one along the screen's axes
    hand.press("l")
    assert captions(hand) == ["Axial Model", "Coronal Model", "Sagittal Model"]
    for index, (plane, axis) in enumerate((("axial", 2), ("coronal", 1), ("sagittal", 0))):
        hand.strike(plane[0], "Home", *["ArrowDown"] * MARKER_AT[axis])
        assert hand.data("plane") == plane
        expect(hand.panels.nth(index)).to_have_class("panel active")
    assert hand.cursor == MARKER_AT
    for index, (plane, (u, v)) in enumerate(SCREEN.items()):
        width, height = hand.size(index)
        small = min(1.0, min(width, height) / 220)
        scale = steps(hand, index, plane, spacing)
        x = width / 2 - (MARKER_AT[u] - (SHAPE[u] - 1) / 2) * spacing[u] * scale
        y = (height + 16 * small) / 2 - (MARKER_AT[v] - (SHAPE[v] - 1) / 2) * spacing[v] * scale
        # the crosshair goes through it, so look a third of a voxel beside both lines; and a voxel further it is grey
        beside = hand.pixel(x - spacing[u] * scale / 4, y - spacing[v] * scale / 4, index)
        away = hand.pixel(x + 1.2 * spacing[u] * scale, y + 1.2 * spacing[v] * scale, index)
        assert min(beside) > 130, plane
        assert max(away) - min(away) <= 90
        assert beside[0] > away[0] + 40
        near = [hand.pixel(x + dx, y + 2.4 * spacing[v] * scale, index) for dx in (-1, 0, 1)]
        assert max(blue - red for red, _, blue in near) > 20, plane  # the crosshair
    assert hand.runs == runs


def test_a_c_and_s_choose_the_panel_that_arrows_scroll_and_a_click_moves_the_other_planes(open_viewer: Open) -> None:
    hand = open_viewer("case=lesions&tools")
    hand.press("l")
    x, y, z = hand.cursor
    for key, moved in (("a", (x, y, z + 1)), ("c", (x, y + 1, z + 1)), ("s", (x + 1, y + 1, z + 1))):
        hand.press(key, "ArrowDown")
        hand.rest()
        assert hand.cursor == moved
    width, height = hand.size(1)
    hand.over(1, 0.5, 0.5)
    hand.page.mouse.click(*[round(at) for at in _middle(hand, 1)])
    hand.rest()
    assert hand.data("plane") == "coronal"
    assert hand.cursor[1] == y + 1  # a click in the coronal plane leaves its slice
    assert abs(hand.cursor[0] - 19.5) <= 1
    assert width > 0 < height


def _middle(hand: Hand, panel: int) -> tuple[float, float]:
    box = hand.panels.nth(panel).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_layouts_are_of_the_panel_that_was_clicked_or_chosen(open_viewer: Open) -> None:
    hand = open_viewer("case=lesions&tools")
    runs = hand.runs
    hand.over(3, 0.5, 0.6)
    hand.page.mouse.down()
    hand.page.mouse.up()
    hand.press("l")
    assert captions(hand) == ["Axial Second", "Coronal Second", "Sagittal Second"]
    hand.press("l")
    assert captions(hand) == ["A Second", "B Second"]
    hand.root.get_by_label("Model", exact=True).select_option("Ground truth")
    assert captions(hand) == ["A Ground truth", "B Ground truth"]
    layout = hand.root.get_by_role("combobox", name="Layout")
    assert layout.input_value() == "sequences"
    layout.select_option("planes")
    assert captions(hand)[0] == "Axial Ground truth"
    hand.root.get_by_label("Model", exact=True).select_option("Errors")
    hand.rest()
    # the errors of one model in three planes
    assert captions(hand)[0].startswith("Axial")
    assert hand.root.locator(".map-panel").count() == 3
    hand.press("l", "l")
    assert len(captions(hand)) == 5
    assert hand.runs == runs


def test_every_sequence_has_its_own_image_under_the_same_mask(open_viewer: Open) -> None:
    """The second sequence is the first one turned round: 400 and 1000."""
    hand = open_viewer("case=cube&tools")
    hand.press("l", "l", "o", "o")  # outlines hide nothing of the image
    hand.press("Home", "PageDown", "End", "ArrowUp")
    hand.rest()
    width, height = hand.size()
    scale = steps(hand, 0, "axial", SPACING["cube"])
    greys = [hand.pixel(width / 2 + 3.2 * scale, height / 2 + 2.6 * scale, index)[0] for index in range(2)]
    assert greys[0] == pytest.approx(400 * 256 // 1000, abs=3)
    assert greys[1] == 255


def test_a_flat_image_offers_no_planes_and_says_why(open_viewer: Open) -> None:
    hand = open_viewer("case=flat&tools")
    planes = hand.root.locator("option[value=planes]")
    assert planes.is_disabled()
    assert planes.get_attribute("title") == "A single image has no other planes."
    hand.press("l")
    assert captions(hand) == ["A", "B"]


def test_a_row_of_tools_that_opens_closed_is_there_at_a_press(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&tools=closed&plane=axial&slice=3")
    row, button = hand.root.get_by_role("toolbar", name="Tools"), hand.root.locator(".tools-button")
    expect(row).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(row).to_be_visible()


def test_planes_of_one_study_are_called_what_the_page_calls_them_and_are_no_models(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&page=study&tools=1&called=Planes and B")
    layout = hand.root.get_by_role("combobox", name="Layout")
    assert layout.evaluate("select => select.selectedOptions[0].textContent") == "Planes and B"
    expect(hand.root.get_by_label("Model", exact=True)).to_be_hidden()
    expect(hand.root.get_by_role("button", name="Panels 4")).to_be_visible()
    assert captions(hand) == ["Axial A", "Coronal A", "Sagittal A", "Axial B"]
    hand.press("l")
    assert captions(hand) == ["Axial A", "Coronal A", "Sagittal A"]
    hand.press("l")
    assert captions(hand) == ["A Model", "B Model"]


def test_a_layout_that_the_page_has_already_is_offered_once(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&tools=1&called=Sequences&layout=sequences")
    layout = hand.root.get_by_role("combobox", name="Layout")
    expect(layout).to_have_value("compare")  # what the address asks for is the page's own by now
    assert layout.locator("option:not([hidden])").all_inner_texts() == ["Sequences", "Planes"]
    for _ in range(2):
        hand.press("l")
    expect(layout).to_have_value("compare")
