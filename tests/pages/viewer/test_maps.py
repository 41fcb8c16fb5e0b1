"""The map panel: errors, agreement of two models, disagreement of all, uncertainty of one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.pages.viewer.conftest import Hand
from tests.pages.viewer.harness.volumes import CASES, DOUBT_AT
from tests.pages.viewer.test_pixels import GREY_OF_BLOCK, blend, spot

Open = Callable[[str], Hand]
Colour = tuple[int, int, int]

SPACING = (1.0, 2.0, 4.0)
MAP = 5
DIMMED = round(GREY_OF_BLOCK * 0.55)
# every model gives its left neighbour 255: they agree, and none has a doubt
CERTAIN = (DOUBT_AT[0] + 1, DOUBT_AT[1], DOUBT_AT[2])
MASKS = CASES["doubt"].masks
BLUE, YELLOW, BOTH = (123, 140, 255), (227, 210, 75), (170, 180, 192)


def choose(hand: Hand, **what: str) -> None:
    for label, option in what.items():
        hand.panels.nth(MAP).get_by_label(label.replace("_", " "), exact=True).select_option(option)
        hand.rest()


def is_drawn(hand: Hand, voxel: tuple[int, ...], colour: Colour, opacity: float) -> None:
    seen = hand.pixel(*spot(hand, "axial", SPACING, voxel), panel=MAP)
    assert seen == pytest.approx(blend(colour, DIMMED, opacity), abs=3)


def is_bare(hand: Hand, voxel: tuple[int, ...]) -> None:
    assert hand.pixel(*spot(hand, "axial", SPACING, voxel), panel=MAP) == pytest.approx((DIMMED,) * 3, abs=3)


def somewhere(hand: Hand, wanted: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, int, int]:
    """A voxel of the slice on screen, off the crosshair, where a condition holds."""
    places = np.argwhere(wanted[:, :, DOUBT_AT[2]])
    x, y = next(place for place in places if place[0] != hand.cursor[0] and place[1] != hand.cursor[1])
    return int(x), int(y), DOUBT_AT[2]


def test_one_model_against_another_is_neither_right_nor_wrong(open_viewer: Open) -> None:
    hand = open_viewer("case=doubt")
    runs = hand.runs
    hand.strike("End", "Home", *["ArrowDown"] * DOUBT_AT[2])
    panel = hand.panels.nth(MAP)
    assert panel.locator(".caption").inner_text().startswith("Errors")
    assert panel.locator(".map-legend").inner_text().split("\n") == ["too much", "missed", "right"]
    choose(hand, Map="agreement", Map_against="Third")
    assert panel.locator(".caption").inner_text().startswith("Agreement")
    assert panel.locator(".map-legend").inner_text().split("\n") == ["only Model", "only Third", "both"]
    # 64 is below the first model's threshold and above the third's
    is_drawn(hand, DOUBT_AT, YELLOW, 0.95)
    model, third = MASKS["Model"] & 1 > 0, MASKS["Third"] & 1 > 0
    is_drawn(hand, somewhere(hand, model & ~third), BLUE, 0.95)
    is_drawn(hand, CERTAIN, BOTH, 0.32)
    # the other way round, and in the other region
    choose(hand, Map_of="Third", Map_against="Model")
    is_drawn(hand, DOUBT_AT, BLUE, 0.95)
    panel.get_by_role("radiogroup", name="Agreement on").get_by_role("radio", name="TC").click()
    hand.rest()
    is_bare(hand, DOUBT_AT)
    # measured against the truth it is an error again
    choose(hand, Map_against="Ground truth")
    assert panel.locator(".caption").inner_text().startswith("Errors")
    assert hand.runs == runs


def test_disagreement_is_how_many_say_yes_and_nothing_where_all_agree(open_viewer: Open) -> None:
    hand = open_viewer("case=doubt")
    choose(hand, Map="disagreement")
    legend = hand.panels.nth(MAP).locator(".map-legend")
    assert legend.inner_text().split("\n") == ["1", "2", "of 3 say yes"]
    yes = np.sum([MASKS[name] & 1 for name in ("Model", "Second", "Third")], axis=0)
    assert (yes[DOUBT_AT], yes[CERTAIN]) == (1, 3)
    is_drawn(hand, DOUBT_AT, (18, 118, 105), 0.95)
    is_drawn(hand, somewhere(hand, yes == 2), (205, 247, 220), 0.95)
    is_bare(hand, CERTAIN)
    is_bare(hand, (10, 5, DOUBT_AT[2]))


def test_uncertainty_is_the_entropy_of_the_probability(open_viewer: Open) -> None:
    """p = 64 / 255 = 0.2510: 0.2510 * 1.9944 + 0.7490 * 0.4169 = 0.8128 bit, 207 of 255."""
    hand = open_viewer("case=doubt")
    choose(hand, Map="uncertainty", Map_of="Second")
    legend = hand.panels.nth(MAP).locator(".map-legend")
    hand.page.wait_for_function("legend => legend.innerText === '01 bit'", arg=legend.element_handle())
    hand.rest()
    # 207 / 255 * 3 lies 0.435 of the way from the third colour to white
    is_drawn(hand, DOUBT_AT, (206, 236, 244), 0.9)
    is_bare(hand, CERTAIN)
    is_bare(hand, (10, 5, DOUBT_AT[2]))  # outside the box the model says 0
    box = hand.panels.nth(MAP).bounding_box()
    assert box
    x, y = spot(hand, "axial", SPACING, DOUBT_AT)
    hand.page.mouse.move(box["x"] + x, box["y"] + y)
    hand.rest()
    assert "Second WT p 0.25, 0.81 bit" in hand.root.locator(".reading").inner_text()


def test_a_map_that_was_saved_is_drawn_as_it_is_and_says_which_it_is(open_viewer: Open) -> None:
    """Entropy 207 of 255 is the colour of the test above; disagreement 102 is 0.4 bit, 0.2 of the way to the third."""
    hand = open_viewer("case=opinions")
    choose(hand, Map="uncertainty", Map_of="Second")
    panel = hand.panels.nth(MAP)
    legend = panel.locator(".map-legend")
    hand.page.wait_for_function("legend => legend.innerText.endsWith('of 3 members')", arg=legend.element_handle())
    hand.rest()
    assert legend.inner_text().split("\n") == ["01 bit", "of 3 members"]
    is_drawn(hand, DOUBT_AT, (206, 236, 244), 0.9)
    q = CASES["opinions"].probabilities["Second"]
    doubtful = (q.box.paste(q.probabilities[0], q.shape) > 100) & (q.box.paste(q.probabilities[0], q.shape) < 150)
    is_bare(hand, somewhere(hand, doubtful))  # its probability alone would be drawn as unsure
    choose(hand, Uncertainty_as="disagreement")
    hand.page.wait_for_function("legend => legend.innerText.endsWith('between 3 members')", arg=legend.element_handle())
    hand.rest()
    is_drawn(hand, DOUBT_AT, (68, 156, 199), 0.9)
    box = panel.bounding_box()
    assert box
    x, y = spot(hand, "axial", SPACING, DOUBT_AT)
    hand.page.mouse.move(box["x"] + x, box["y"] + y)
    hand.rest()
    assert "Second WT disagreement 0.40 bit" in hand.root.locator(".reading").inner_text()
    panel.get_by_role("radiogroup", name="Uncertainty of").get_by_role("radio", name="TC").click()
    hand.rest()
    is_drawn(hand, DOUBT_AT, (255, 255, 255), 0.9)
    # a model without saved maps has that of its probabilities, and no choice
    choose(hand, Map_of="Third")
    hand.page.wait_for_function("legend => legend.innerText === '01 bit'", arg=legend.element_handle())
    assert panel.get_by_label("Uncertainty as", exact=True).is_hidden()


def test_which_saved_map_is_seen_stands_in_the_address(open_viewer: Open) -> None:
    hand = open_viewer("case=opinions&map=uncertainty&of=3&doubt=disagreement")
    legend = hand.panels.nth(MAP).locator(".map-legend")
    hand.page.wait_for_function("legend => legend.innerText.endsWith('between 3 members')", arg=legend.element_handle())


def test_without_a_reference_models_are_compared_with_each_other(open_viewer: Open) -> None:
    hand = open_viewer("case=untold")
    panel = hand.panels.nth(4)
    titles = []
    for _ in range(4):
        titles.append(panel.locator(".caption strong").inner_text())
        hand.press("e")
        hand.rest()
    assert titles == ["Agreement", "Disagreement", "Uncertainty", "Agreement"]
    panel.get_by_label("Map", exact=True).focus()
    hand.page.keyboard.press("ArrowDown")
    hand.rest()
    assert panel.locator(".caption strong").inner_text() == "Uncertainty"


def test_slices_are_counted_for_those_who_look_for_the_next_one(open_viewer: Open) -> None:
    hand = open_viewer("case=doubt")
    folder = hand.page.evaluate("document.querySelector('link[href$=\"drawing/heat.js\"]').href.replace('heat.js', '')")
    found = hand.page.evaluate(
        """async ([folder, q, bits]) => {
          const heat = await import(folder + "heat.js");
          const { storedMask } = await import(folder + "masks.js");
          const { Volume } = await import(folder + "../data/volume.js");
          const make = (shape, values) => {
            const box = { shape, full_shape: [4, 3, 2], box_offset: [1, 1, 0], slabs: [{ first: 0, count: shape[2] }] };
            const volume = new Volume("", { version: 1, dtype: "uint8", fill: 0, ...box });
            volume.accept("slab/0", new Uint8Array(values).buffer);
            return volume;
          };
          const plain = (lists) => lists.map((list) => [...list]);
          return {
            uncertain: plain(heat.uncertaintyPerSlice(make([2, 1, 2], q))),
            halfABit: plain(heat.uncertaintyPerSlice(make([2, 1, 2], q), 0.5)),
            disagree: plain(heat.disagreementPerSlice(bits.map((each) => storedMask(make([2, 1, 2], each))), 1)),
          };
        }""",
        [folder, [128, 30, 255, 0], [[2, 2, 0, 1], [2, 0, 0, 0], [2, 3, 1, 0]]],
    )
    # entropies 1, 0.52, 0 and 0 bit; the second region is held by three, two, none and none of three masks
    assert found["uncertain"] == [[0, 1, 0, 0], [0, 1, 0], [1, 0]]
    assert found["halfABit"] == [[0, 1, 1, 0], [0, 2, 0], [2, 0]]
    assert found["disagree"] == [[0, 0, 1, 0], [0, 1, 0], [1, 0]]
