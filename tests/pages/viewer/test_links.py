"""A link that opens nothing says so; a page that is read again, left or run again keeps the view."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from core.service.tokens import TOKEN_HEADER
from tests.pages.viewer.conftest import Hand, start

Open = Callable[[str], Hand]


def query_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_an_expired_link_says_so_in_the_panels(harness: str, page: Page) -> None:
    page.goto(f"{harness}/?case=cube&expired=1")
    message = page.locator(".segscope-viewer .message").first
    message.wait_for(timeout=20_000)
    assert message.inner_text() == "This link has expired. Reload the page to open the case again."
    assert page.locator(".segscope-viewer").get_attribute("data-ready") == "false"


def test_another_browser_cannot_use_a_token(open_viewer: Open, browser: Browser, harness: str) -> None:
    hand = open_viewer("case=cube")
    seen: dict[str, str] = {}
    hand.page.on("request", lambda sent: seen.update({sent.url: sent.headers.get(TOKEN_HEADER.lower(), "")}))
    hand.page.reload()
    hand.root.wait_for()
    hand.expect("ready", "true", 20_000)
    url, token = next((url, token) for url, token in seen.items() if "/volumes/" in url)
    assert token
    assert token not in url
    headers = {TOKEN_HEADER: token}
    assert hand.page.context.request.get(url, headers=headers).status == 200
    other = browser.new_context()
    other.new_page().goto(harness)
    refused = other.request.get(url, headers=headers)
    assert refused.status == 403
    assert refused.body() == b""
    other.close()


def test_scripts_cannot_read_the_cookie(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    assert "segscope" not in hand.page.evaluate("document.cookie")


def test_each_volume_is_fetched_once(harness: str, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if "/volumes/" in sent.url else None)
    page.goto(f"{harness}/?case=tall")
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.root.wait_for(timeout=20_000)
    hand.expect("ready", "true", 20_000)
    hand.press("c", "s", "a", "End", "Home")
    page.get_by_role("button", name="run again").click()
    page.wait_for_timeout(1000)
    assert len(asked) == len(set(asked)) == 8  # four volumes, each a manifest and one slab


def test_the_view_survives_a_run_of_python(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    hand.press("c", "ArrowDown", "+", "2")
    hand.rest()
    before = [hand.data(name) for name in ("plane", "slice", "zoom", "cursor")]
    runs = hand.runs
    hand.page.get_by_role("button", name="run again").click()
    hand.page.wait_for_function("n => Number(document.querySelector('#runs').textContent) > n", arg=runs)
    hand.page.wait_for_timeout(300)
    assert [hand.data(name) for name in ("plane", "slice", "zoom", "cursor")] == before
    assert hand.root.locator(".region[aria-pressed=true]").count() == 1


def test_another_case_opens_anew_and_going_back_finds_the_view(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    hand.press("c", "+")
    hand.expect("plane", "coronal")
    hand.page.get_by_role("button", name="another case").click()
    hand.expect("plane", "axial")
    hand.expect("ready", "true")
    assert hand.data("zoom") == "1.000"
    hand.page.get_by_role("button", name="another case").click()
    hand.expect("plane", "coronal")
    assert hand.data("zoom") == "1.250"


def test_the_address_opens_the_same_view(open_viewer: Open) -> None:
    hand = open_viewer("case=tall")
    hand.press("s", "Home", "ArrowDown", "ArrowDown")
    hand.over(0, 0.5, 0.4)
    hand.page.mouse.down(button="right")
    hand.over(0, 0.5, 0.5)
    hand.page.mouse.up(button="right")
    hand.page.wait_for_url(re.compile("slice=2.*window="))
    query = query_of(hand.page)
    assert {name: query[name] for name in ("case", "plane", "slice")} == {
        "case": "tall",
        "plane": "sagittal",
        "slice": "2",
    }
    hand.page.goto(hand.page.url)
    hand.root.wait_for()
    hand.expect("ready", "true", 20_000)
    assert (hand.data("plane"), hand.slice) == ("sagittal", 2)
    low, high = (float(end) for end in query["window"].split(","))
    assert f"{low:.0f} – {high:.0f}".replace("-", "−") in hand.root.locator(".controls").inner_text()


def test_nonsense_in_the_address_is_ignored(open_viewer: Open) -> None:
    hand = open_viewer("case=tall&plane=diagonal&slice=99999&window=5,1")
    assert (hand.data("plane"), hand.slice) == ("axial", 59)
    assert hand.root.locator("select[aria-label=Window]").input_value() == "auto"


def test_python_hears_of_the_view_when_the_hand_rests(open_viewer: Open) -> None:
    hand = open_viewer("case=tall&report=1")
    hand.page.wait_for_timeout(800)
    runs = hand.runs
    hand.over()
    hand.wheel(10)
    hand.page.wait_for_function("document.querySelector('#view').textContent === 'axial 30 A'")
    assert hand.runs == runs + 1
    assert hand.slice == 30


@pytest.fixture
def under_a_base_path(tmp_path: Path) -> Iterator[str]:
    process, address = start(tmp_path, "--server.baseUrlPath", "clinic/viewer")
    yield address
    process.terminate()
    process.wait(10)


def test_the_viewer_works_under_a_base_path(under_a_base_path: str, page: Page) -> None:
    page.goto(f"{under_a_base_path}/?case=cube")
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.root.wait_for(timeout=20_000)
    hand.expect("ready", "true", 20_000)
    assert hand.white() is not None


@pytest.mark.slow
def test_a_server_that_restarts_is_found_again(tmp_path: Path, page: Page) -> None:
    process, address = start(tmp_path)
    page.goto(f"{address}/?case=cube")
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.root.wait_for(timeout=20_000)
    hand.expect("ready", "true", 20_000)
    process.terminate()
    process.wait(10)
    hand.press("Home", "ArrowDown")
    hand.expect("slice", "1")  # what is here stays
    process, _ = start(tmp_path, port=urlsplit(address).port)
    try:
        page.reload()
        hand.root.wait_for(timeout=20_000)
        hand.expect("ready", "true", 20_000)
        assert hand.slice == 1  # the address kept it
    finally:
        process.terminate()
        process.wait(10)
