"""What wheel, mouse and touch do; scrolling is the browser's alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.pages.viewer.conftest import Hand

Open = Callable[[str], Hand]


def test_the_wheel_scrolls_every_panel_and_never_runs_python(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    runs, start = hand.runs, hand.slice
    hand.over(0, 0.7, 0.5)
    hand.wheel(12)
    hand.expect("slice", str(start + 12))
    hand.wheel(-5)
    hand.expect("slice", str(start + 7))
    hand.rest()
    # each slice of this volume has a grey of its own, 10 more per slice
    expected = (start + 7 + 1) * 10 * 256 // 1000
    for panel in range(3):
        assert abs(hand.pixel(45, 205, panel)[0] - expected) <= 1
    hand.page.wait_for_timeout(1200)
    assert hand.runs == runs


def test_a_long_scroll_ends_at_the_last_slice(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    hand.over(1)
    hand.page.mouse.wheel(0, 100_000)
    hand.expect("slice", "59")
    hand.page.mouse.wheel(0, -100_000)
    hand.expect("slice", "0")


def test_a_trackpads_small_steps_add_up(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    start = hand.slice
    hand.over()
    for _ in range(16):  # 16 x 8 pixels are 4 slices of 32
        hand.page.mouse.wheel(0, 8)
        hand.page.wait_for_timeout(8)
    hand.expect("slice", str(start + 4))


def test_the_page_does_not_scroll_under_the_wheel(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    hand.page.set_viewport_size({"width": 1200, "height": 420})
    hand.over()
    before = hand.panels.first.bounding_box()
    hand.wheel(5)
    assert hand.panels.first.bounding_box() == before


def test_a_click_moves_the_crosshair_of_all_planes(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    hand.over(0, 0.5, 0.5)
    hand.page.mouse.down()
    hand.page.mouse.up()
    hand.rest()
    middle = hand.cursor
    width, height = hand.size()
    hand.over(0, 0.5 + 40 / width, 0.5 + 40 / height)
    hand.page.mouse.down()
    hand.rest()
    moved = hand.cursor
    hand.page.mouse.up()
    # right on screen is the patient's left, down is backwards; the slice stays
    assert moved[0] < middle[0]
    assert moved[1] < middle[1]
    assert moved[2] == middle[2]
    hand.press("s")
    hand.expect("slice", str(moved[0]))


def test_a_right_drag_windows_every_panel_of_that_image(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    before = [hand.pixel(45, 205, panel)[0] for panel in range(2)]
    hand.over(1, 0.5, 0.5)
    hand.page.mouse.down(button="right")
    hand.over(1, 0.5, 0.7)
    hand.page.mouse.up(button="right")
    hand.rest()
    after = [hand.pixel(45, 205, panel)[0] for panel in range(2)]
    assert after[0] == after[1] < before[0] == before[1]
    shown = hand.root.get_by_role("button", name="type it").inner_text()
    low, high = (float(end.replace("−", "-")) for end in shown.split(" – "))
    assert high - low == pytest.approx(1000, abs=4)
    assert low > 0


def test_a_sideways_right_drag_widens_the_window(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    hand.over(0, 0.3, 0.5)
    hand.page.mouse.down(button="right")
    hand.over(0, 0.6, 0.5)
    hand.page.mouse.up(button="right")
    shown = hand.root.get_by_role("button", name="type it").inner_text()
    low, high = (float(end.replace("−", "-")) for end in shown.split(" – "))
    assert high - low > 1200
    assert (low + high) / 2 == pytest.approx(500, abs=4)


def test_ctrl_wheel_zooms_about_the_pointer_in_all_panels(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    hand.press("Home", *["ArrowDown"] * 5)
    hand.rest()
    white = hand.white()
    assert white
    box = hand.panels.first.bounding_box()
    assert box
    hand.page.mouse.move(box["x"] + white[0], box["y"] + white[1])
    hand.page.keyboard.down("Control")
    hand.wheel(-3)
    hand.page.keyboard.up("Control")
    hand.rest()
    assert float(hand.data("zoom")) > 1.5
    for panel in (0, 1, 2):
        still = hand.white(panel)
        assert still
        assert still == pytest.approx(white, abs=3)


def test_a_shift_drag_moves_the_image_with_the_hand(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    hand.press("Home", *["ArrowDown"] * 5)
    hand.rest()
    before = hand.white(1)
    assert before
    cursor = hand.cursor
    hand.page.keyboard.down("Shift")
    hand.over(0, 0.5, 0.5)
    hand.page.mouse.down()
    width, height = hand.size()
    hand.over(0, 0.5 + 30 / width, 0.5 + 20 / height)
    hand.page.mouse.up()
    hand.page.keyboard.up("Shift")
    hand.rest()
    after = hand.white(1)
    assert after
    assert after == pytest.approx((before[0] + 30, before[1] + 20), abs=1.5)
    assert hand.cursor == cursor


def test_the_pointer_reads_voxel_millimetres_value_and_regions(open_viewer: Open) -> None:
    hand = open_viewer("case=anisotropic")
    hand.press("a", "Home", *["ArrowDown"] * 5)
    hand.rest()
    white = hand.white()
    box = hand.panels.first.bounding_box()
    assert white
    assert box
    hand.page.mouse.move(box["x"] + white[0], box["y"] + white[1])
    hand.rest()
    # voxel (9, 7, 5) with spacing 1, 2, 4 mm and origin -10, 20, 5
    assert hand.root.locator(".reading").inner_text().startswith("voxel 9 7 5 · −1.0 34.0 25.0 mm\nA 1000")
    hand.press("Home", "ArrowDown", "ArrowDown", "ArrowDown")
    _, height = hand.size(1)
    hand.over(1, 0.5 + 0.01, 0.5 + 8 / height)
    hand.rest()
    said = hand.root.locator(".reading").inner_text()
    assert "A 400" in said
    assert "Ground truth WT TC" in " ".join(said.split())


def test_the_strip_shows_areas_and_moves_the_slice(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    head = hand.root.locator(".strip-head")
    assert hand.slice == 20  # the first of the slices on which the reference is largest
    assert head.inner_text().startswith("Slice 21")
    assert "of 60 · whole tumour area per slice, cm²" in head.inner_text()
    track = hand.root.locator(".track")
    box = track.bounding_box()
    assert box
    hand.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)
    hand.page.mouse.down()
    hand.expect("slice", "30")  # the middle of 0 … 59, rounded up
    hand.page.mouse.move(box["x"] + box["width"] + 50, box["y"] + 30)
    hand.expect("slice", "59")
    hand.page.mouse.up()
    assert track.get_attribute("aria-valuenow") == "60"
