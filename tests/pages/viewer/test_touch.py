"""What fingers do, with touch events as a screen sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, CDPSession

from tests.pages.viewer.conftest import Hand

Points = list[tuple[float, float]]


class Fingers:
    """A viewer on a touch screen, and the fingers on it."""

    def __init__(self, hand: Hand, session: CDPSession) -> None:
        self.hand = hand
        self.session = session

    def send(self, kind: str, points: Points) -> None:
        at = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})

    def middle(self, panel: int = 0) -> tuple[float, float]:
        box = self.hand.panels.nth(panel).bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, x: float, y: float, dx: float, dy: float, steps: int = 6) -> None:
        for step in range(1, steps + 1):
            self.send("Move", [(x + dx * step / steps, y + dy * step / steps)])
        self.send("End", [])
        self.hand.rest()


@pytest.fixture
def touch(browser: Browser, harness: str) -> Iterator[Callable[[str], Fingers]]:
    context = browser.new_context(has_touch=True, viewport={"width": 1024, "height": 768})

    def go(query: str) -> Fingers:
        page = context.new_page()
        page.goto(f"{harness}/?{query}")
        hand = Hand(page, page.locator(".segscope-viewer"))
        hand.root.wait_for(timeout=30_000)
        hand.expect("ready", "true", 20_000)
        hand.rest()
        return Fingers(hand, context.new_cdp_session(page))

    yield go
    context.close()


def test_a_tap_points_one_finger_scrolls_and_two_zoom_and_move(touch: Callable[[str], Fingers]) -> None:
    fingers = touch("case=tall")
    hand = fingers.hand
    x, y = fingers.middle()
    fingers.send("Start", [(x, y)])
    fingers.send("End", [])
    hand.rest()
    first = hand.cursor
    fingers.send("Start", [(x + 50, y + 40)])
    fingers.send("End", [])
    hand.rest()
    # right on the screen is the patient's left, down is backwards; the slice stays
    assert hand.cursor[0] < first[0]
    assert hand.cursor[1] < first[1]
    assert hand.cursor[2] == first[2]

    tapped = hand.cursor
    fingers.send("Start", [(x, y)])
    fingers.drag(x, y, 0, 45)
    assert hand.cursor == (tapped[0], tapped[1], tapped[2] + 5)  # 45 pixels, 9 a slice

    fingers.send("Start", [(x - 40, y), (x + 40, y)])
    for step in range(1, 9):
        fingers.send("Move", [(x - 40 - 5 * step, y), (x + 40 + 5 * step, y)])
    fingers.send("End", [])
    hand.rest()
    assert float(hand.data("zoom")) == pytest.approx(2.0, rel=0.1)
    assert hand.cursor[2] == tapped[2] + 5
    before = hand.cursor
    fingers.send("Start", [(x - 40, y), (x + 40, y)])
    fingers.send("Move", [(x - 10, y + 30), (x + 70, y + 30)])
    fingers.send("End", [])
    fingers.send("Start", [(x, y)])
    fingers.send("End", [])
    hand.rest()
    # the image went 30 right and 30 down: what is under the same place lies further to the patient's right, and ahead
    assert hand.cursor[0] > before[0] - 1
    assert hand.cursor[1] > first[1] - 1


def test_a_finger_that_rests_and_then_moves_windows(touch: Callable[[str], Fingers]) -> None:
    fingers = touch("case=tall")
    hand = fingers.hand
    start = hand.cursor
    x, y = fingers.middle(1)
    fingers.send("Start", [(x, y)])
    hand.page.wait_for_timeout(700)
    fingers.drag(x, y, 60, 30)
    numbers = hand.root.get_by_role("button", name="type it").inner_text()
    low, high = (float(end.replace("−", "-")) for end in numbers.split(" – "))
    # a panel's 300 pixels are the automatic window of 0 to 1000: 60 wider, 30 darker
    assert high - low == pytest.approx(1200, abs=2)
    assert (high + low) / 2 == pytest.approx(600, abs=2)
    assert hand.cursor == start


def test_with_the_ruler_one_finger_draws_and_a_second_one_gives_it_up(touch: Callable[[str], Fingers]) -> None:
    fingers = touch("case=cube&tools=1")
    hand = fingers.hand
    start = hand.cursor
    hand.root.get_by_role("button", name="Ruler").tap()
    x, y = fingers.middle()
    fingers.send("Start", [(x - 40, y)])
    fingers.drag(x - 40, y, 80, 0)
    listed = hand.root.locator(".ruler .popover-place > button")
    assert listed.inner_text().split(" ")[1] == "mm,"
    length = listed.inner_text()
    fingers.send("Start", [(x - 40, y - 40)])
    fingers.send("Move", [(x - 20, y - 40)])
    fingers.send("Start", [(x - 20, y - 40), (x + 60, y - 40)])
    fingers.send("Move", [(x - 40, y - 40), (x + 80, y - 40)])
    fingers.send("End", [])
    hand.rest()
    assert listed.inner_text() == length
    assert float(hand.data("zoom")) > 1.2
    assert hand.cursor == start
