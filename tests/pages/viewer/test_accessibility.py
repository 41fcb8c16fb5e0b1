"""Contrast, names, what is read out, enlarged pages, and what systems ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.pages.viewer.conftest import Hand

Open = Callable[[str], Hand]

# every piece of text that can be seen, its colour, and what lies behind it as the browser composes it
TEXTS = """root => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, ground) => [0, 1, 2].map((i) => top[i] * top[3] + ground[i] * (1 - top[3]));
  const parentOf = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = parentOf(at)) {
      const layer = parse(getComputedStyle(at).backgroundColor);
      layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reduceRight((ground, layer) => over(layer, ground), [255, 255, 255]);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (element.closest(".heard, :disabled, option")) continue;
    const ground = behind(element);
    const ink = over(parse(getComputedStyle(element).color), ground);
    const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
    found.push([text, (high + 0.05) / (low + 0.05)]);
  }
  return found;
}"""

# the browser's own answer to what has the focus, through every shadow root
FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
}"""


def faint(hand: Hand) -> list[Any]:
    hand.rest()
    texts = hand.root.evaluate(TEXTS)
    assert len(texts) > 30
    return [(text, round(ratio, 2)) for text, ratio in texts if ratio < 4.5]


# what Streamlit's own light theme sets
LIGHT = {"--st-background-color": "#ffffff", "--st-text-color": "#31333f", "--st-primary-color": "#ff4b4b"}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_text_has_a_contrast_of_at_least_4_5(open_viewer: Open, theme: str) -> None:
    hand = open_viewer("case=cube&tools=1")
    if theme == "light":
        for name, value in LIGHT.items():
            hand.root.evaluate("(root, [name, value]) => root.style.setProperty(name, value)", [name, value])
        hand.root.evaluate("root => (root.style.background = 'white')")
    hand.over(1, 0.5, 0.5)
    assert faint(hand) == []
    hand.press("m")
    hand.page.wait_for_timeout(400)
    assert faint(hand) == []
    hand.press("Escape", "?")
    assert faint(hand) == []


def test_what_there_is_has_its_role_and_its_name(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&tools=1")
    assert hand.grid.get_attribute("role") == "application"
    for name in ("View", "Tools"):
        assert hand.root.get_by_role("toolbar", name=name).is_visible()
    slider = hand.root.get_by_role("slider", name="Slice")
    assert slider.get_attribute("aria-valuetext") == "slice 6 of 8"
    nameless = hand.root.evaluate(
        """root => [...root.querySelectorAll("button, select, input, [role=slider], [role=dialog], dialog")]
          .filter((each) => !(each.getAttribute("aria-label") || each.textContent.trim() || each.labels?.length))
          .map((each) => each.outerHTML)"""
    )
    assert nameless == []


def test_the_place_is_read_out_when_the_hand_rests_and_not_before(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    live = hand.root.get_by_role("status").and_(hand.root.locator("[aria-live=polite]"))
    hand.page.wait_for_timeout(900)
    hand.root.evaluate(
        """root => {
          window.said = [];
          const live = root.querySelector(".heard");
          new MutationObserver(() => window.said.push(live.textContent)).observe(live, { childList: true });
        }"""
    )
    hand.strike("Home", "ArrowDown", "ArrowDown", "ArrowDown")
    assert hand.page.evaluate("window.said") == []
    hand.page.wait_for_function("window.said.length")
    said = hand.page.evaluate("window.said")
    assert len(said) == 1
    x, y, _ = hand.cursor
    assert said[0].startswith(f"axial slice 4 of 8; voxel {x} {y} 3 · ")
    assert "; A 400; B 1000; Ground truth: " in said[0]
    assert live.inner_text() == said[0]


@pytest.mark.parametrize("how", ["a window half as wide", "a style sheet"])
def test_at_200_percent_nothing_is_cut_off(browser: Browser, harness: str, how: str) -> None:
    small = how == "a window half as wide"
    viewport = {"width": 720, "height": 450} if small else {"width": 1440, "height": 900}
    context = browser.new_context(viewport=viewport, device_scale_factor=2 if small else 1)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{harness}/?case=cube&tools=1")
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.root.wait_for(timeout=20_000)
    hand.expect("ready", "true", 20_000)
    if not small:
        page.evaluate("document.documentElement.style.zoom = 2")
        page.wait_for_timeout(500)
    hand.rest()
    cut = hand.root.evaluate(
        """root => [...root.querySelectorAll("button, select, input, .track, .panel")]
          .filter((each) => each.getClientRects().length)
          .filter((each) => {
            const box = each.getBoundingClientRect();
            const inside = each.tagName !== "BUTTON" || each.scrollWidth <= each.clientWidth + 1;
            return box.left < -0.5 || box.right > document.documentElement.clientWidth * PAGE + 0.5 || !inside;
          })
          .map((each) => each.outerHTML.slice(0, 90))""".replace("PAGE", "1" if small else "2")
    )
    assert cut == []
    # a press lands on the voxel under it: the middle of the panel is the middle of the head
    _, height = hand.size()
    hand.panels.first.scroll_into_view_if_needed()
    hand.over(0, 0.5, (30 + (height / (1 if small else 2) - 44) / 2) / (height / (1 if small else 2)))
    page.mouse.down()
    page.mouse.up()
    hand.rest()
    assert hand.cursor[0] in {5, 6}
    assert hand.cursor[1] in {4, 5}
    context.close()


def test_systems_that_force_colours_still_show_what_is_chosen(open_viewer: Open, page: Page) -> None:
    page.emulate_media(forced_colors="active")
    hand = open_viewer("case=cube&tools=1")
    style = "element => { const s = getComputedStyle(element); return [s.outlineStyle, parseFloat(s.outlineWidth)]; }"
    chosen = hand.root.get_by_role("radio", name="Axial")
    other = hand.root.get_by_role("radio", name="Coronal")
    assert chosen.evaluate(style)[0] == "solid"
    assert other.evaluate(style)[0] == "none"
    swatch = hand.root.locator(".region i").first.evaluate("element => getComputedStyle(element).backgroundColor")
    assert swatch == "rgb(86, 180, 233)"
    other.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate_handle(FOCUSED).as_element().evaluate(style)[1] >= 2


def test_who_asks_for_contrast_gets_it_and_who_asks_for_stillness_too(open_viewer: Open, page: Page) -> None:
    page.emulate_media(contrast="more", reduced_motion="reduce")
    hand = open_viewer("case=cube&tools=1")
    text, secondary = hand.root.evaluate(
        """root => [root, root.querySelector(".strip-head > span")].map((each) => getComputedStyle(each).color)"""
    )
    assert text == secondary
    # and the palette with more contrast, unless somebody chose
    assert (
        hand.root.locator(".region i").first.evaluate("i => getComputedStyle(i).backgroundColor")
        == "rgb(102, 102, 255)"
    )
    moving = hand.root.evaluate(
        """root => [...root.querySelectorAll("*")].filter((each) => {
          const { transitionDuration, animationName } = getComputedStyle(each);
          return transitionDuration.split(", ").some((time) => parseFloat(time) > 0) || animationName !== "none";
        }).map((each) => each.className)"""
    )
    assert moving == []


def test_the_other_palette_is_chosen_by_keys_drawn_and_remembered(open_viewer: Open, page: Page) -> None:
    hand = open_viewer("case=cube")
    runs = hand.runs
    hand.press("?")
    hand.root.get_by_role("button", name="Colours: standard").focus()
    page.keyboard.press("Enter")
    assert hand.root.get_by_role("button", name="Colours: strong contrast").is_visible()
    page.keyboard.press("Escape")
    hand.press("Home", *["ArrowDown"] * 3, "o", "o", *["'"] * 12)
    hand.rest()
    colours = (
        hand.panels.nth(1)
        .locator("canvas")
        .evaluate(
            """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const seen = new Set();
          for (let i = 0; i < data.length; i += 4) seen.add([data[i], data[i + 1], data[i + 2]].join());
          return [...seen];
        }"""
        )
    )
    assert {"102,102,255", "179,102,0"} <= set(colours)
    assert hand.runs == runs
    again = open_viewer("case=cube")
    assert (
        again.root.locator(".region i").first.evaluate("i => getComputedStyle(i).backgroundColor")
        == "rgb(102, 102, 255)"
    )
    page.evaluate("localStorage.clear()")
