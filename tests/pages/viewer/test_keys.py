"""Every key does what the help says, and none reaches Streamlit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

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
    for words in ("first and last slice", "axial, coronal, sagittal", "flicker the overlay"):
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
    for _ in range(24):
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
    for expected in ("Axial", "Window", "Both", "Opacity", "WT", "Keys and gestures", "Press question mark", "Slice"):
        assert expected in names
    assert all(outline != "none" for _, outline in reached[1:10])


def test_shift_with_arrows_moves_the_crosshair_on_the_screen(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    start = hand.cursor
    hand.press("Shift+ArrowLeft", "Shift+ArrowDown")
    hand.rest()
    # left on the screen is the patient's right, down is backwards
    assert hand.cursor == (start[0] + 1, start[1] - 1, start[2])
    hand.press("x", "Shift+ArrowLeft")
    hand.rest()
    assert hand.cursor == (start[0], start[1] - 1, start[2])
    hand.press("x", "s", "Shift+ArrowRight", "Shift+PageUp")
    hand.rest()
    # sagittal: the back is on the right, up is up
    assert hand.cursor == (start[0], start[1] - 2, start[2] + 10)
    hand.press("Shift+PageDown", "Shift+ArrowUp", "a", "Shift+Home")
    hand.rest()
    assert hand.cursor == (min(23, start[0] + 10), start[1] - 2, start[2] + 1)
    hand.press("Shift+End", "Shift+End", "Shift+End", "Shift+End")
    hand.rest()
    assert hand.cursor[0] == 0


def test_ctrl_with_arrows_moves_the_image(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    hand.press("Home", *["ArrowDown"] * 5)
    hand.rest()
    before, cursor = hand.white(1), hand.cursor
    hand.press("Control+ArrowRight", "Control+ArrowRight", "Control+ArrowDown")
    hand.rest()
    after = hand.white(1)
    assert before
    assert after == pytest.approx((before[0] + 48, before[1] + 24), abs=1.5)
    hand.press("Control+ArrowLeft", "Control+ArrowLeft", "Control+ArrowUp")
    hand.rest()
    assert hand.white(1) == pytest.approx(before, abs=1.5)
    assert hand.cursor == cursor


def test_brackets_and_braces_window_the_image(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    numbers = hand.root.get_by_role("button", name="type it")
    # 5 % of 0 to 1000 a press: narrower and wider about the middle, then all of it up and down
    for key, ends in (
        ("[", "25 – 975"),
        ("]", "0 – 1000"),
        ("]", "−25 – 1025"),
        ("{", "25 – 1075"),
        ("}", "−25 – 1025"),
    ):
        hand.press(key)
        hand.rest()
        assert numbers.inner_text() == ends


def test_semicolon_and_quote_step_the_opacity(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    slider = hand.root.get_by_label("Opacity")
    for keys, percent in ((["'"], "50"), ([";", ";"], "40"), (["'"] * 13, "100"), ([";"] * 22, "0")):
        hand.press(*keys)
        hand.rest()
        assert slider.input_value() == percent
        assert slider.get_attribute("aria-valuetext") == f"{percent} %"


def test_comma_and_point_choose_the_panel_that_keys_work_on(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&page=planes")
    x, y, z = hand.cursor
    for keys, cursor in (
        ([".", ".", "ArrowDown"], (x, y + 1, z)),
        ([".", "ArrowDown"], (x + 1, y + 1, z)),
        ([".", "ArrowDown"], (x + 1, y + 1, z + 1)),
        ([",", ",", "ArrowUp"], (x + 1, y, z + 1)),
    ):
        hand.press(*keys)
        hand.rest()
        assert hand.cursor == cursor
    active = hand.root.locator(".panel.active")
    assert active.locator("strong").inner_text() == "Coronal"
    # what the keys work on says what lies under the crosshair
    assert hand.root.locator(".reading").inner_text().startswith(f"voxel {x + 1} {y} {z + 1} ")


def test_no_printable_key_reaches_streamlit(open_viewer: Open) -> None:
    """Streamlit listens on the document: whatever it could hear there, it could act on."""
    hand = open_viewer("case=cube&tools=1")
    page = hand.page
    runs = hand.runs
    page.evaluate(
        """() => {
          window.heard = [];
          for (const kind of ["keydown", "keypress", "keyup"])
            document.addEventListener(kind, (event) => window.heard.push(event.key));
        }"""
    )
    hand.grid.focus()
    for code in range(0x21, 0x7F):
        page.keyboard.press(chr(code))
    for key in (
        "Space",
        "Enter",
        "Delete",
        "Backspace",
        "Shift+ArrowLeft",
        "Control+ArrowLeft",
        "PageUp",
        "End",
        "Escape",
    ):
        page.keyboard.press(key)
    # the same over a control of the row, and over the line under the images
    for place in (".region >> nth=0", ".track", ".tools-button"):
        hand.root.locator(place).focus()
        page.keyboard.press("r")
        page.keyboard.press("c")
    page.wait_for_timeout(800)
    assert page.evaluate("window.heard") == []
    assert page.locator("[data-testid=stDialog], [data-testid=stModal]").count() == 0
    assert hand.runs == runs


def test_with_the_pointer_over_the_images_keys_work_without_a_click(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    hand.page.evaluate("document.activeElement?.blur()")
    start = hand.slice
    hand.over(0, 0.4, 0.4)
    hand.page.keyboard.press("ArrowDown")
    hand.expect("slice", str(start + 1))


def test_a_key_belongs_to_one_thing_only(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&tools=1")
    folder = hand.page.evaluate(
        "performance.getEntriesByType('resource').map((each) => each.name).find((name) => name.endsWith('/main.js'))"
    ).removesuffix("/main.js")
    built_in, tools = hand.page.evaluate(
        """async (folder) => {
          const { DEEDS } = await import(`${folder}/hands/keys.js`);
          const { TOOLS } = await import(`${folder}/tools/index.js`);
          const answer = { get: (it, name) => (name === Symbol.toPrimitive ? () => "" : viewer), apply: () => viewer };
          const viewer = new Proxy(function () {}, answer);
          const seen = [];
          for (const make of TOOLS) try { seen.push(...(make(viewer).shortcuts ?? []).map(({ key }) => key)); } catch {}
          return [Object.keys(DEEDS), seen];
        }""",
        folder,
    )
    assert {"r", "m"} <= set(tools)
    assert len(set(built_in + tools)) == len(built_in + tools)
    assert not set("123456789") & set(tools)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (720, 450)])
def test_the_list_fits_or_scrolls_and_gives_the_focus_back(open_viewer: Open, width: int, height: int) -> None:
    hand = open_viewer("case=cube&tools=1")
    page = hand.page
    page.set_viewport_size({"width": width, "height": height})
    hand.rest()
    opener = hand.root.get_by_role("button", name="Keys and gestures")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = hand.root.get_by_role("dialog", name="Keys and gestures")
    dialog.wait_for()
    for words in ("one voxel", "window narrower, wider", "ruler: drag", "measure a mask", "Press, then drag"):
        assert words in dialog.inner_text()
    box = dialog.bounding_box()
    assert box
    assert min(box["x"], box["y"]) >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= height
    listed = dialog.locator(".help-list")
    fits = listed.evaluate("list => [list.scrollWidth <= list.clientWidth, list.scrollHeight <= list.clientHeight]")
    assert fits[0]
    listed.focus()
    page.keyboard.press("End")
    page.wait_for_timeout(300)
    assert fits[1] or listed.evaluate("list => list.scrollTop + list.clientHeight >= list.scrollHeight - 1")
    assert height < 900 or fits[1]
    # Tab goes around in it
    for _ in range(9):
        page.keyboard.press("Tab")
        inside = dialog.evaluate("dialog => dialog.contains(dialog.getRootNode().activeElement)")
        assert inside
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert opener.evaluate("button => button.getRootNode().activeElement === button")
