"""A training is scrolled like a film: each stop is a validation, and new ones come without the place being lost."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.pages.viewer.conftest import Hand


def film(harness: str, page: Page) -> Hand:
    page.goto(f"{harness}/?film=1")
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.root.wait_for(timeout=30_000)
    hand.expect("ready", "true", 20_000)
    return hand


def test_a_training_is_scrolled_by_its_validations(harness: str, page: Page) -> None:
    hand = film(harness, page)
    head = hand.root.locator(".strip-head")
    track = hand.root.get_by_role("slider", name="Validation")
    # the newest is shown first; nothing plays by itself
    assert head.inner_text().replace("\n", " ").startswith("Validation 6 of 6, step 300")
    assert "tumour area per validation, voxels" in head.inner_text()
    assert hand.data("playing") == "false"
    hand.press("ArrowUp", "ArrowUp")
    hand.expect("slice", "3")
    assert track.get_attribute("aria-valuetext") == "validation 4 of 6, step 200"
    # another plane would show nothing
    hand.press("c", "End", "Home")
    hand.expect("slice", "0")
    assert hand.data("plane") == "axial"
    hand.press("?")
    keys = hand.root.get_by_role("dialog").inner_text()
    assert "ten validations" in keys
    assert "slice" not in keys.lower()


def test_new_validations_come_without_the_place_being_lost_and_a_button_plays_them(harness: str, page: Page) -> None:
    hand = film(harness, page)
    head = hand.root.locator(".strip-head")
    runs = hand.runs
    # one more is made while an older one is looked at
    hand.press("Home")
    hand.press("ArrowDown", "ArrowDown")
    hand.expect("slice", "2")
    page.get_by_role("button", name="one more").click()
    page.wait_for_function("head => head.innerText.includes('of 7')", arg=head.element_handle())
    hand.expect("ready", "true")
    assert hand.slice == 2
    # who looks at the newest sees the next one
    hand.press("End")
    hand.expect("slice", "6")
    page.get_by_role("button", name="one more").click()
    hand.expect("slice", "7")
    hand.expect("ready", "true")
    assert "step 400" in head.inner_text()
    assert hand.runs == runs + 2

    play = hand.root.get_by_role("button", name="Play")
    play.focus()
    page.keyboard.press("Enter")
    hand.expect("playing", "true")
    hand.expect("slice", "4")
    hand.root.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    hand.expect("playing", "false")
