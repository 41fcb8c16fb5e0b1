"""One panel with two masks left and right of a divider: pixels, keys, and the flicker between them."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.pages.viewer.conftest import Hand

Open = Callable[[str], Hand]
WT = (86, 180, 233)


def is_wt(colour: tuple[int, int, int]) -> bool:
    return all(abs(a - b) <= 4 for a, b in zip(colour, WT, strict=True))


def opaque(hand: Hand) -> None:
    """Fills that nothing shines through, and only the outer region."""
    hand.press("o", "o", "2")
    hand.root.get_by_label("Opacity").fill("100")
    hand.rest()


def patch_of(hand: Hand) -> tuple[tuple[float, float], float]:
    """The middle of what the model has on slice 15, and how large a voxel is; x runs to the left, y upwards."""
    width, height = hand.size()
    scale = min((width - 52) / 38, (height - 44) / 34)
    return (width / 2 - (31 - 19.5) * scale, (height + 16) / 2 - (6 - 17.5) * scale), scale


def test_each_side_of_the_divider_shows_its_own_mask(open_viewer: Open) -> None:
    """On slice 15 only the model has a voxel, x 28 to 33 of 40 and y 4 to 8 of 36; the ground truth has none."""
    hand = open_viewer("case=lesions&tools")
    runs = hand.runs
    hand.strike("Home", *["ArrowDown"] * 15)
    opaque(hand)
    hand.press("w")
    hand.rest()
    assert hand.panels.count() == 1
    width, _ = hand.size()
    place, scale = patch_of(hand)
    divider = hand.root.locator(".swipe-divider")
    assert divider.get_attribute("role") == "slider"
    assert divider.get_attribute("aria-valuenow") == "50"
    assert divider.get_attribute("aria-valuetext") == "Ground truth up to 50 %, Model from there"
    assert place[0] < width / 2
    assert not is_wt(hand.pixel(*place))  # left of the divider is the ground truth
    # the divider has the focus: to the left of the patch, which is the model's then
    start = hand.slice
    for _ in range(int(50 - 100 * place[0] / width) // 2 + 6):
        hand.page.keyboard.press("ArrowLeft")
    hand.rest()
    share = int(str(divider.get_attribute("aria-valuenow"))) / 100
    assert share * width < place[0] - 3 * scale
    assert is_wt(hand.pixel(*place))
    assert hand.slice == start
    # other masks can be chosen on either side
    hand.root.get_by_label("Mask right of the divider").select_option("Second")
    hand.rest()
    assert not is_wt(hand.pixel(*place))
    hand.press("Escape")
    hand.rest()
    assert hand.panels.count() == 5
    assert hand.runs == runs


def test_the_divider_cuts_where_it_is_dragged_to(open_viewer: Open) -> None:
    hand = open_viewer("case=lesions&tools")
    hand.strike("Home", *["ArrowDown"] * 15)
    opaque(hand)
    hand.press("w")
    hand.rest()
    width, _ = hand.size()
    place, scale = patch_of(hand)
    divider = hand.root.locator(".swipe-divider")
    box = divider.bounding_box()
    panel = hand.panels.first.bounding_box()
    assert box
    assert panel
    hand.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    hand.page.mouse.down()
    hand.page.mouse.move(panel["x"] + place[0], box["y"] + 60, steps=3)
    hand.page.mouse.up()
    hand.rest()
    cut = int(str(divider.get_attribute("aria-valuenow"))) / 100 * width
    assert abs(cut - place[0]) <= width / 100
    assert not is_wt(hand.pixel(cut - 1.5 * scale, place[1]))
    assert is_wt(hand.pixel(cut + 1.5 * scale, place[1]))
    hand.page.keyboard.press("Home")
    hand.rest()
    assert divider.get_attribute("aria-valuenow") == "0"
    assert is_wt(hand.pixel(*place))


def test_space_flickers_between_the_two_masks_not_faster_than_three_times_a_second(open_viewer: Open) -> None:
    hand = open_viewer("case=lesions&tools")
    hand.press("w")
    hand.expect("swipe", "both")
    hand.root.evaluate(
        """element => {
          window.changes = [];
          new MutationObserver(() => window.changes.push([performance.now(), element.dataset.swipe]))
            .observe(element, { attributeFilter: ["data-swipe"] });
        }"""
    )
    hand.press(" ")
    hand.page.wait_for_timeout(2600)
    hand.press("w")
    hand.rest()
    changes = hand.page.evaluate("window.changes")
    sides = [side for _, side in changes[:-1]]
    assert len(sides) >= 4
    assert sides == [("left", "right")[index % 2] for index in range(len(sides))]
    times = [at for at, _ in changes[:-1]]
    assert all(times[i + 3] - times[i] > 1000 for i in range(len(times) - 3))
    # left, nothing flickers on
    hand.page.wait_for_timeout(900)
    assert (hand.data("swipe"), hand.data("overlay")) == ("", "on")


def test_with_a_wish_for_stillness_each_press_shows_the_other_mask(open_viewer: Open) -> None:
    hand = open_viewer("case=lesions&tools")
    hand.page.emulate_media(reduced_motion="reduce")
    hand.strike("Home", *["ArrowDown"] * 15)
    opaque(hand)
    hand.press("w")
    place, _ = patch_of(hand)
    for side, model in (("left", False), ("right", True), ("both", False)):
        hand.press(" ")
        hand.expect("swipe", side)
        hand.rest()
        assert is_wt(hand.pixel(*place)) is model
        hand.page.wait_for_timeout(500)
        assert hand.data("swipe") == side


def test_a_case_with_one_mask_cannot_be_swiped_and_says_why(open_viewer: Open) -> None:
    hand = open_viewer("case=bare&tools")
    button = hand.root.get_by_role("button", name="Swipe")
    expect(button).to_be_disabled()
    assert button.get_attribute("title") == "Needs two masks"
    hand.press("w")
    hand.rest()
    assert hand.data("swipe") == ""
