"""The address opens the view that it was written for, and what is not well-formed is as if it were not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.pages.viewer.conftest import Hand

Open = Callable[[str], Hand]

# one of everything that a link can carry; panels: Original, Ground truth, Model, Errors; masks: Ground truth, Model
FULL = {
    "plane": "coronal",
    "slice": "6",
    "cursor": "8,6,2",
    "image": "B",
    "window": "100,900.5",
    "zoom": "2.5",
    "centre": "5.5,4.25,3",
    "columns": "3,1,-2,4",
    "model": "3",
    "overlay": "outline",
    "opacity": "30",
    "off": "2",
    "errors": "2",
    "side": "L",
}


def told(hand: Hand) -> dict[str, str]:
    """What the address says, once the hand has rested."""
    hand.page.wait_for_timeout(700)
    return dict(parse_qsl(urlsplit(hand.page.url).query))


def view(hand: Hand) -> dict[str, Any]:
    """The view as its own modules read the page's address, with the panels and masks of the harness."""
    text: str = hand.page.evaluate(
        """async () => {
          const preload = [...document.querySelectorAll("link[rel=modulepreload]")];
          const of = (name) => preload.find((link) => link.href.endsWith(name)).href;
          const { readAddress } = await import(of("/page/address.js"));
          const { firstView } = await import(of("/view.js"));
          const panel = (id, mask = null) => ({ id, mask, title: id });
          const data = {
            address: { case: "cube" },
            images: { A: {}, B: {} },
            masks: { T: {}, M: {} },
            probabilities: { M: { thresholds: [128, 128] } },
            panels: [panel("original"), panel("truth", "T"), panel("model", "M"), panel("errors", "M")],
            regions: [{ name: "WT" }, { name: "TC" }],
            initial: { plane: "axial", slice: null, image: null, window: null },
            tools: true,
          };
          const place = readAddress(data);
          return JSON.stringify({ ...firstView(data, place), slice: place.slice, at: place.cursor });
        }"""
    )
    read: dict[str, Any] = json.loads(text)
    return read


def as_it_opens(hand: Hand) -> dict[str, Any]:
    """The view of an address that says nothing but the case."""
    told(hand)
    hand.page.evaluate("history.replaceState(null, '', '?case=cube')")
    return view(hand)


def query(words: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in words.items())


def test_a_link_opens_the_view_it_was_written_for(open_viewer: Open) -> None:
    """Read, drawn, and written again by the first move: nothing is lost, nothing is added."""
    hand = open_viewer(f"case=cube&{query(FULL)}")
    seen = {name: hand.data(name) for name in ("plane", "slice", "cursor", "image", "zoom", "mode")}
    assert seen == {
        "plane": "coronal",
        "slice": "6",
        "cursor": "8,6,2",
        "image": "B",
        "zoom": "2.500",
        "mode": "outline",
    }
    titles = [panel.locator("strong, .caption button").first.inner_text() for panel in hand.panels.all()]
    assert [title.split()[0] for title in titles] == ["Model", "Original", "Errors"]
    assert hand.root.get_by_label("Opacity").input_value() == "30"
    assert hand.root.locator(".region[aria-pressed=false]").inner_text() == "TC"
    hand.press("ArrowDown")
    hand.expect("slice", "7")
    assert told(hand) == {"case": "cube", **FULL, "slice": "7", "cursor": "8,7,2"}


def test_what_is_as_the_case_opens_is_left_out(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    hand.press("ArrowDown")
    assert told(hand) == {"case": "cube", "plane": "axial", "slice": "6"}
    hand.press("+", "o", "x", "2")
    assert set(told(hand)) == {"case", "plane", "slice", "zoom", "centre", "overlay", "side", "off"}
    hand.press("0", "x")
    assert set(told(hand)) == {"case", "plane", "slice"}


def test_thresholds_swipe_and_what_is_sought_are_read_by_the_place_of_their_masks(open_viewer: Open) -> None:
    words = "thresholds=2.100.140&against=1&swipe=1,2,35&sought=largest error&least=0.5&strip=error&layout=planes"
    hand = open_viewer("case=cube")
    told(hand)  # from here on the viewer, which has no probabilities here, leaves the address alone
    hand.page.evaluate("(words) => history.replaceState(null, '', `?case=cube&${words}`)", words)
    read = view(hand)
    assert read["thresholds"] == {"M": [100, 140]}
    assert (read["against"], read["layout"], read["told"]) == ("T", "planes", "error")
    assert read["swipe"] == {"left": "T", "right": "M", "at": 0.35}
    assert (read["sought"], read["soughtLeast"]) == ("largest error", 0.5)


@pytest.mark.parametrize(
    "words",
    [
        {"plane": "diagonal", "slice": "-1", "cursor": "1,2", "image": "../secret", "window": "5,1"},
        {"slice": "1e3", "cursor": "1,2,3,4", "zoom": "Infinity", "centre": "0,0,NaN", "opacity": "101", "window": "1"},
        {"zoom": "0.1", "layout": "constructor", "overlay": "__proto__", "side": "both", "off": "3", "errors": "0"},
        {"columns": "1,1", "model": "9", "against": "0", "swipe": "1,5,50", "thresholds": "2.0.300", "opacity": ""},
        {"columns": "-1,-2,-3,-4", "thresholds": "1.128.128", "swipe": "1", "sought": "money", "strip": "1"},
        {"columns": "9" * 5000, "thresholds": "2.128", "centre": "1e9,0,0", "least": "-1", "off": "1,2,x"},
        {"columns": "<img src=x>", "image": "<script>", "model": "2;drop", "slice": "9999999"},
    ],
)
def test_nonsense_is_as_if_it_were_not_there(open_viewer: Open, words: dict[str, str]) -> None:
    hand = open_viewer("case=cube")
    usual = as_it_opens(hand)
    hand.page.evaluate(
        "(words) => history.replaceState(null, '', '?' + new URLSearchParams({ case: 'cube', ...words }))", words
    )
    assert view(hand) == usual


def test_the_address_of_another_case_is_not_read(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    usual = as_it_opens(hand)
    hand.page.evaluate("history.replaceState(null, '', '?case=another&zoom=3&slice=2&plane=coronal')")
    assert view(hand) == usual
