"""What panels say, how they are arranged, and what plays by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.pages.viewer.conftest import Hand

Open = Callable[[str], Hand]


def test_a_panel_says_what_it_is_and_how_good(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    captions = hand.root.locator(".caption").all_inner_texts()
    assert captions == ["Original A", "Ground truth", "Model tiny", "Errors whole tumour"]
    assert hand.panels.nth(2).locator(".scores").inner_text().split() == ["WT", "0.800", "TC", "1.000"]
    colour = hand.panels.nth(2).locator(".scores dt").first.evaluate("element => getComputedStyle(element).color")
    assert colour == "rgb(86, 180, 233)"


def test_another_sequence_and_another_region_are_chosen_in_the_viewer(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    runs = hand.runs
    hand.root.get_by_role("radio", name="B", exact=True).click()
    hand.expect("image", "B")
    hand.root.get_by_role("radiogroup", name="Errors of").get_by_role("radio", name="TC").click()
    hand.rest()
    assert hand.root.locator(".caption").all_inner_texts()[0] == "Original B"
    assert hand.root.locator(".caption").all_inner_texts()[3] == "Errors tumour core"
    assert hand.runs == runs


def test_presets_and_opacity_act_at_once(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    before = hand.pixel(45, 205)[0]
    hand.root.get_by_label("Window", exact=True).select_option("full range")
    hand.rest()
    assert hand.pixel(45, 205)[0] > before  # up to 600 instead of 1000
    hand.root.get_by_label("Window", exact=True).select_option("auto")
    hand.root.get_by_label("Opacity").fill("100")
    hand.press("o", "o")
    hand.rest()
    width, _ = hand.size()
    assert hand.pixel(width / 2, 205, 1)[2] == pytest.approx(233, abs=4)  # nothing shines through


def test_three_planes_can_stand_side_by_side_and_scroll_apart(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&page=planes")
    assert hand.root.locator(".caption").all_inner_texts() == ["Axial", "Coronal", "Sagittal"]
    x, y, z = hand.cursor
    hand.over(1)
    hand.wheel(2)
    hand.rest()
    assert hand.cursor == (x, y + 2, z)
    hand.over(2)
    hand.wheel(-1)
    hand.rest()
    assert hand.cursor == (x - 1, y + 2, z)


def test_a_flat_image_has_one_plane_and_no_strip(open_viewer: Open) -> None:
    hand = open_viewer("case=flat")
    assert hand.root.get_by_role("radiogroup", name="Plane").is_hidden()
    assert hand.root.locator(".strip").is_hidden()
    hand.over(0, 0.4, 0.4)
    hand.rest()
    assert "mm" not in hand.root.locator(".reading").inner_text()


def test_a_case_without_masks_has_no_overlay_controls(open_viewer: Open) -> None:
    hand = open_viewer("case=bare")
    assert hand.root.get_by_role("radiogroup", name="Overlay").count() == 0
    assert hand.root.locator(".strip-head").inner_text().startswith("Slice 6")


@pytest.mark.parametrize(("width", "columns"), [(1440, 4), (700, 2), (390, 2)])
def test_panels_fit_the_window_and_the_page_never_scrolls_sideways(
    open_viewer: Open, page: Page, width: int, columns: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    hand = open_viewer("case=cube")
    assert hand.grid.get_attribute("data-columns") == str(columns)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    inside = hand.root.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert inside


def test_a_screen_of_high_density_gets_its_pixels(browser: object, harness: str) -> None:
    from playwright.sync_api import Browser

    assert isinstance(browser, Browser)
    context = browser.new_context(viewport={"width": 1000, "height": 800}, device_scale_factor=2)
    page = context.new_page()
    page.goto(f"{harness}/?case=cube")
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.root.wait_for(timeout=20_000)
    hand.expect("ready", "true", 20_000)
    width, height = hand.size()
    canvas = hand.panels.first.locator("canvas")
    assert canvas.evaluate("canvas => [canvas.width, canvas.height]") == [2 * width, 2 * height]
    context.close()


def test_slices_play_and_flicker_until_somebody_pauses(open_viewer: Open) -> None:
    hand = open_viewer("case=tall&page=play")
    assert hand.data("playing") == "true"
    seen = set()
    for _ in range(80):
        seen.add(hand.slice)
        hand.page.wait_for_timeout(100)
        if len(seen) >= 8:
            break
    assert len(seen) >= 8
    assert seen <= set(range(17, 36))  # where the masks differ, and three slices around
    hand.expect("overlay", "off")
    hand.root.get_by_role("button", name="Pause").click()
    hand.expect("playing", "false")
    hand.expect("overlay", "on")
    still = hand.slice
    hand.page.wait_for_timeout(500)
    assert hand.slice == still
    hand.root.get_by_role("button", name="Play").click()
    hand.expect("playing", "true")
    hand.over()
    hand.wheel(1)
    hand.expect("playing", "false")


def test_nothing_plays_for_those_who_want_less_motion(page: Page, harness: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{harness}/?case=tall&page=play")
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.root.wait_for(timeout=20_000)
    hand.expect("ready", "true", 20_000)
    still = hand.slice
    page.wait_for_timeout(600)
    assert (hand.data("playing"), hand.slice) == ("false", still)
    assert hand.root.get_by_role("button", name="Play").is_visible()
