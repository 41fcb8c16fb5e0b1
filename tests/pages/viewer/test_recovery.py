"""A server that dies under an open page is spoken of in the panels, and the page finds its view again."""

from __future__ import annotations

import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route

from tests.pages.viewer.conftest import Hand, start

GONE = "The server does not answer. Trying again."


@pytest.mark.slow
def test_a_killed_server_is_named_and_its_page_comes_back_as_it_was(tmp_path: Path, page: Page) -> None:
    """The link is opened while the server dies: what had not come yet says so, and the reload shows the same view."""
    process, address = start(tmp_path)
    link = "case=tall&plane=coronal&slice=7&cursor=9,7,25&image=B&window=100,500&zoom=2&off=2"
    dying = threading.Event()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if dying.is_set():
            route.continue_()
        else:
            held.append(route)

    page.route("**/slab/**", hold)
    page.goto(f"{address}/?{link}")
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.root.wait_for(timeout=20_000)
    hand.expect("slice", "7")
    process.kill()
    process.wait(10)
    dying.set()
    for route in held:
        route.continue_()
    message = hand.root.locator(".message").first
    page.wait_for_function(
        "([message, words]) => message.textContent === words", arg=[message.element_handle(), GONE], timeout=20_000
    )
    assert hand.data("ready") == "false"
    before = {name: hand.data(name) for name in ("plane", "slice", "cursor", "image", "zoom")}
    assert before == {"plane": "coronal", "slice": "7", "cursor": "9,7,25", "image": "B", "zoom": "2.000"}

    process, _ = start(tmp_path, port=urlsplit(address).port)
    try:
        # the links of before the crash still hold: the page goes on by itself
        hand.expect("ready", "true", 30_000)
        assert message.is_hidden()
        page.reload()
        hand.root.wait_for(timeout=20_000)
        hand.expect("ready", "true", 20_000)
        assert {name: hand.data(name) for name in before} == before
        assert "100 – 500" in hand.root.locator(".controls").inner_text()
        assert hand.root.locator(".region[aria-pressed=false]").inner_text() == "TC"
    finally:
        process.terminate()
        process.wait(10)
