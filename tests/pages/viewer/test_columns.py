"""Panels can be moved, hidden and renamed, by mouse and by keyboard, and stay so when Python runs again."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.pages.viewer.conftest import Hand

Open = Callable[[str], Hand]
GIVEN = ["Original", "Ground truth", "Model", "Second", "Errors"]


def titles(hand: Hand) -> list[str]:
    hand.rest()
    return hand.root.locator(".caption strong").all_inner_texts()


def focused(hand: Hand) -> str:
    """What the element with the focus says."""
    return str(
        hand.page.evaluate(
            """() => {
              let at = document.activeElement;
              while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
              return at.getAttribute("aria-label") || at.textContent;
            }"""
        )
    )


def drag(hand: Hand, panel: int, onto: int, x: float) -> None:
    """Carry a panel by its caption over another one, without letting go."""
    caption = hand.panels.nth(panel).locator(".caption").bounding_box()
    to = hand.panels.nth(onto).bounding_box()
    assert caption
    assert to
    hand.page.mouse.move(caption["x"] + 8, caption["y"] + 8)
    hand.page.mouse.down()
    hand.page.mouse.move(to["x"] + to["width"] * x, to["y"] + to["height"] / 2, steps=4)


def test_a_panel_is_dragged_to_another_place(open_viewer: Open) -> None:
    hand = open_viewer("case=lesions&tools")
    assert titles(hand) == GIVEN
    runs, cursor = hand.runs, hand.cursor
    marker = hand.root.locator(".columns-marker")
    drag(hand, 3, 1, 0.2)
    place, target = marker.bounding_box(), hand.panels.nth(1).bounding_box()
    assert place
    assert target
    assert abs(place["x"] - (target["x"] - 3)) <= 1  # before the ground truth
    assert place["height"] == target["height"]
    hand.page.mouse.up()
    assert titles(hand) == ["Original", "Second", "Ground truth", "Model", "Errors"]
    expect(marker).to_be_hidden()
    drag(hand, 0, 4, 0.9)
    hand.page.mouse.up()
    assert titles(hand) == ["Second", "Ground truth", "Model", "Errors", "Original"]
    # Escape puts it back, and neither a drag nor its end opens the menu or moves the crosshair
    drag(hand, 0, 2, 0.9)
    hand.page.keyboard.press("Escape")
    hand.page.mouse.up()
    assert titles(hand) == ["Second", "Ground truth", "Model", "Errors", "Original"]
    expect(hand.root.get_by_role("menu")).to_be_hidden()
    assert (hand.runs, hand.cursor) == (runs, cursor)


def test_the_menu_of_a_caption_works_by_keyboard_alone(open_viewer: Open) -> None:
    hand = open_viewer("case=lesions&tools")
    keys, runs, start = hand.page.keyboard, hand.runs, hand.slice
    hand.grid.focus()
    keys.press("Tab")
    assert focused(hand).startswith("Original")
    for _ in range(2):
        keys.press("ArrowRight")
    assert focused(hand).startswith("Model")
    keys.press("Enter")
    menu = hand.root.get_by_role("menu")
    assert menu.get_by_role("menuitem").all_inner_texts() == ["Move left", "Move right", "Hide", "Rename…"]
    assert focused(hand) == "Move left"
    keys.press("Escape")
    expect(menu).to_be_hidden()
    assert focused(hand).startswith("Model")
    keys.press("Enter")
    keys.press("Enter")
    assert titles(hand) == ["Original", "Model", "Ground truth", "Second", "Errors"]
    assert focused(hand).startswith("Model")  # the focus goes along
    keys.press("Enter")
    keys.press("ArrowDown")
    keys.press("Enter")
    assert titles(hand) == GIVEN
    assert (hand.slice, hand.data("plane"), hand.runs) == (start, "axial", runs)


def test_a_panel_is_renamed_and_hidden_by_keyboard(open_viewer: Open) -> None:
    hand = open_viewer("case=lesions&tools")
    keys, runs, start = hand.page.keyboard, hand.runs, hand.slice
    hand.panels.nth(2).locator(".caption").focus()
    keys.press("Enter")
    keys.press("ArrowUp")  # around to the last
    keys.press("Enter")
    assert focused(hand) == "Name of Model"
    keys.type("Ours [c]")
    keys.press("Enter")
    assert titles(hand) == ["Original", "Ground truth", "Ours [c]", "Second", "Errors"]
    assert "Ours [c]" in hand.root.locator(".legend").inner_text()
    keys.press("Enter")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Enter")
    assert titles(hand) == ["Original", "Ground truth", "Second", "Errors"]
    # an empty name gives the old one back, and Escape leaves a name as it was
    keys.press("ArrowRight")
    for name, end in (("", "Enter"), ("Nothing", "Escape")):
        hand.panels.nth(2).locator(".caption").focus()
        keys.press("Enter")
        keys.press("End")
        keys.press("Enter")
        keys.press("Control+a")
        keys.press("Delete")
        keys.type(name)
        keys.press(end)
        assert titles(hand)[2] == "Second"
    # nothing of what was typed was a key of the viewer or of Streamlit
    assert (hand.slice, hand.data("plane"), hand.runs) == (start, "axial", runs)


def test_the_first_panel_cannot_go_further_left_and_the_last_shown_cannot_go(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&tools")
    caption = hand.panels.first.locator(".caption")
    caption.click()
    menu = hand.root.get_by_role("menu")
    assert menu.get_by_role("menuitem", disabled=True).all_inner_texts() == ["Move left"]
    hand.page.keyboard.press("Enter")
    assert titles(hand) == ["Original", "Ground truth", "Model", "Errors"]
    hand.page.keyboard.press("Escape")
    for _ in range(3):
        hand.panels.first.locator(".caption").click()
        menu.get_by_role("menuitem", name="Hide").click()
    assert titles(hand) == ["Errors"]
    hand.panels.first.locator(".caption span").click()
    assert menu.get_by_role("menuitem", disabled=True).all_inner_texts() == ["Move left", "Move right", "Hide"]


def test_hidden_moved_and_renamed_panels_stay_so_when_python_runs_again(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&tools")
    hand.panels.nth(1).locator(".caption").click()
    hand.root.get_by_role("menuitem", name="Hide").click()
    hand.panels.nth(1).locator(".caption").click()
    hand.root.get_by_role("menuitem", name="Rename").click()
    hand.page.keyboard.type("Ours")
    hand.page.keyboard.press("Enter")
    hand.panels.nth(1).locator(".caption").click()
    hand.root.get_by_role("menuitem", name="Move left").click()
    assert titles(hand) == ["Ours", "Original", "Errors"]
    runs = hand.runs
    hand.page.get_by_role("button", name="run again").click()
    hand.page.wait_for_function("runs => Number(document.querySelector('#runs').innerText) > runs", arg=runs)
    assert titles(hand) == ["Ours", "Original", "Errors"]
    # the next case too
    hand.page.get_by_role("button", name="another case").click()
    expect(hand.grid).to_have_attribute("aria-label", "Case tall. Press question mark for keys.")
    hand.expect("ready", "true")
    assert titles(hand) == ["Ours", "Original", "Errors"]
    button = hand.root.get_by_role("button", name="Panels")
    assert button.inner_text() == "Panels 3 of 4"
    button.click()
    boxes = hand.root.get_by_role("group", name="Panels that are shown").get_by_role("checkbox")
    assert [box.is_checked() for box in boxes.all()] == [True, True, False, True]
    boxes.nth(2).focus()
    hand.page.keyboard.press(" ")
    hand.rest()
    assert titles(hand) == ["Ours", "Original", "Ground truth", "Errors"]
    for index in (0, 1, 2):
        boxes.nth(index).click()
    expect(boxes.nth(3)).to_be_disabled()  # the last one stays
    assert titles(hand) == ["Errors"]
    hand.root.get_by_role("button", name="As given").click()
    assert titles(hand) == ["Original", "Ground truth", "Model", "Errors"]
    hand.page.keyboard.press("Escape")
    assert button.inner_text() == "Panels 4"


def test_a_page_without_the_row_of_tools_has_plain_captions(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    assert hand.root.locator("button.caption").count() == 0
    hand.press("l", "w")
    hand.rest()
    assert titles(hand) == ["Original", "Ground truth", "Model", "Errors"]


def test_eleven_panels_keep_names_and_scores_apart(open_viewer: Open) -> None:
    for width, height in ((1440, 900), (1100, 900), (1920, 1080)):
        hand = open_viewer("case=lesions&tools&models=7")
        hand.page.set_viewport_size({"width": width, "height": height})
        hand.rest()
        assert hand.panels.count() == 11
        apart = hand.root.evaluate(
            """root => [...root.querySelectorAll(".panel")].every((panel) => {
              const box = (part) => part.getBoundingClientRect();
              const [name, scores] = [".caption", ".scores"].map((part) => box(panel.querySelector(part)));
              const outer = box(panel);
              const free = !scores.width || name.right <= scores.left || name.bottom <= scores.top;
              const high = scores.bottom < (outer.top + outer.bottom) / 2;
              return free && high && name.right <= outer.right && name.width > 40;
            })"""
        )
        assert apart, (width, height)
        # an ellipsis where there is no room, in a single line
        assert hand.panels.nth(5).locator(".caption").evaluate("each => each.offsetHeight") < 30
