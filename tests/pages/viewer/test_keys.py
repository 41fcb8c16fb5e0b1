"""Every key does what the help says, and none reaches Streamlit."""

from __future__ import annotations

from collections.abc import Callable

from tests.pages.viewer.conftest import Hand

Open = Callable[[str], Hand]


def test_arrows_pages_home_and_end_scroll(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    hand.press("Home")
    hand.expect("slice", "0")
    for keys, slice_ in (
        (["ArrowDown", "ArrowRight"], "2"),
        (["ArrowUp"], "1"),
        (["PageDown", "PageDown"], "21"),
        (["ArrowLeft"], "20"),
        (["PageUp"], "10"),
        (["End"], "59"),
        (["ArrowDown"], "59"),
    ):
        hand.press(*keys)
        hand.expect("slice", slice_)


def test_a_c_and_s_choose_the_plane(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    for key, plane in (("c", "coronal"), ("s", "sagittal"), ("a", "axial"), ("C", "coronal")):
        hand.press(key)
        hand.expect("plane", plane)
        assert hand.root.get_by_role("radio", checked=True).first.inner_text() == plane.capitalize()


def test_streamlits_own_shortcuts_stay_asleep(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    runs = hand.runs
    hand.press("c", "r", "R", "C")
    hand.page.wait_for_timeout(800)
    assert hand.page.get_by_role("dialog").count() == 0
    assert hand.runs == runs


def test_numbers_switch_regions(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    whole, core = (hand.root.locator(".region").nth(index) for index in range(2))
    hand.press("2")
    hand.rest()
    assert (whole.get_attribute("aria-pressed"), core.get_attribute("aria-pressed")) == ("true", "false")
    hand.press("1", "2")
    hand.rest()
    assert (whole.get_attribute("aria-pressed"), core.get_attribute("aria-pressed")) == ("false", "true")
    hand.press("9")  # there is no ninth region
    core.click()
    hand.rest()
    assert core.get_attribute("aria-pressed") == "false"


def test_o_goes_through_fill_both_and_outline(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    assert hand.data("mode") == "both"
    for mode in ("outline", "fill", "both"):
        hand.press("o")
        hand.expect("mode", mode)


def test_n_and_p_stop_at_the_next_error(open_viewer: Open) -> None:
    """The reference lies on slices 20 to 30, the model on 22 to 32: they differ on 20, 21, 31 and 32."""
    hand = open_viewer("case=tall")
    hand.press("Home")
    for key, slice_ in (("n", "20"), ("n", "21"), ("n", "31"), ("n", "32"), ("n", "32"), ("p", "31"), ("p", "21")):
        hand.press(key)
        hand.expect("slice", slice_)


def test_space_flickers_at_most_three_times_a_second(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    hand.root.evaluate(
        """element => {
          window.changes = [];
          new MutationObserver(() => window.changes.push(performance.now()))
            .observe(element, { attributeFilter: ["data-overlay"] });
        }"""
    )
    hand.press(" ")
    hand.page.wait_for_timeout(2600)
    hand.press(" ")
    hand.rest()
    changes = hand.page.evaluate("window.changes")
    assert len(changes) >= 4
    # from one change to the one three later is more than a second; the last one is the key's
    assert all(changes[i + 3] - changes[i] > 1000 for i in range(len(changes) - 4))
    assert hand.data("overlay") == "on"


def test_with_a_wish_for_stillness_space_only_switches(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    hand.page.emulate_media(reduced_motion="reduce")
    hand.press(" ")
    hand.expect("overlay", "off")
    hand.page.wait_for_timeout(900)
    assert hand.data("overlay") == "off"
    hand.press(" ")
    hand.expect("overlay", "on")


def test_plus_minus_and_zero(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    hand.press("+", "+")
    hand.expect("zoom", "1.563")
    hand.press("-")
    hand.expect("zoom", "1.250")
    hand.press("o", "1", "0")
    hand.expect("zoom", "1.000")
    hand.expect("mode", "both")
    assert hand.root.locator(".region[aria-pressed=true]").count() == 2


def test_the_question_mark_opens_the_list_and_escape_closes_it(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    hand.press("?")
    dialog = hand.root.get_by_role("dialog")
    dialog.wait_for()
    for words in ("scroll through slices", "axial, coronal, sagittal", "flicker the overlay"):
        assert words in dialog.inner_text()
    hand.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    # the keys go on where they were
    hand.page.keyboard.press("End")
    hand.expect("slice", "7")


def test_a_focused_control_keeps_the_keys_it_needs(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    start = hand.slice
    opacity = hand.root.get_by_label("Opacity")
    opacity.focus()
    hand.page.keyboard.press("ArrowRight")
    assert opacity.input_value() == "50"
    hand.root.get_by_role("radio", name="Axial").focus()
    hand.page.keyboard.press("ArrowRight")
    hand.expect("plane", "coronal")
    assert hand.cursor[2] == start


def test_everything_can_be_reached_by_tab_and_shows_its_focus(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    hand.root.get_by_role("radio", name="Axial").focus()
    reached = []
    for _ in range(14):
        described = hand.page.evaluate(
            """() => {
              let at = document.activeElement;
              while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
              const style = getComputedStyle(at);
              return [at.getAttribute("aria-label") || at.textContent || at.tagName, style.outlineStyle];
            }"""
        )
        reached.append(described)
        hand.page.keyboard.press("Tab")
    names = " ".join(name for name, _ in reached)
    for expected in ("Axial", "Window", "Both", "Opacity", "WT", "?", "Press question mark", "Slice"):
        assert expected in names
    assert all(outline != "none" for _, outline in reached[1:10])
