"""A running harness, and a hand on its viewer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.watched_page import SCREEN, watched_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

HARNESS = Path(__file__).resolve().parent / "harness" / "serve.py"


class Hand:
    """What a test does with a viewer, and what it reads from it."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page = page
        self.root = root
        self.grid = root.locator(".grid")
        self.panels = root.locator(".panel")

    def data(self, name: str) -> str:
        return str(self.root.evaluate("(element, name) => element.dataset[name] ?? ''", name))

    @property
    def slice(self) -> int:
        return int(self.data("slice"))

    @property
    def cursor(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.data("cursor").split(","))

    @property
    def runs(self) -> int:
        return int(self.page.locator("#runs").inner_text())

    def expect(self, name: str, value: str, timeout_ms: int = 10_000) -> None:
        self.root.page.wait_for_function(
            "([element, name, value]) => element.dataset[name] === value",
            arg=[self.root.element_handle(), name, value],
            timeout=timeout_ms,
        )

    def rest(self) -> None:
        """Wait until the last frame is drawn."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def over(self, panel: int = 0, x: float = 0.5, y: float = 0.5) -> None:
        box = self.panels.nth(panel).bounding_box()
        assert box
        self.page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)

    def press(self, *keys: str) -> None:
        self.grid.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def strike(self, *keys: str) -> None:
        """Press many keys in one go, where the keys themselves are not what is tested."""
        self.grid.evaluate(
            """(grid, keys) => {
              for (const key of keys) grid.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            }""",
            list(keys),
        )
        self.rest()

    def wheel(self, notches: int) -> None:
        for _ in range(abs(notches)):
            self.page.mouse.wheel(0, 100 if notches > 0 else -100)
            self.page.wait_for_timeout(8)

    def size(self, panel: int = 0) -> tuple[float, float]:
        box = self.panels.nth(panel).bounding_box()
        assert box
        return box["width"], box["height"]

    def pixel(self, x: float, y: float, panel: int = 0) -> tuple[int, int, int]:
        """Return red, green, blue of one CSS pixel of a panel's canvas."""
        read: Callable[..., Any] = self.panels.nth(panel).locator("canvas").evaluate
        colour = read(
            "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData("
            "x * devicePixelRatio, y * devicePixelRatio, 1, 1).data]",
            [x, y],
        )
        return int(colour[0]), int(colour[1]), int(colour[2])

    def white(self, panel: int = 0) -> tuple[float, float] | None:
        """Return the middle of a canvas's white pixels, in CSS pixels; None where there are none."""
        middle = (
            self.panels.nth(panel)
            .locator("canvas")
            .evaluate(
                """canvas => {
              const { width, height } = canvas;
              const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
              let [n, x, y] = [0, 0, 0];
              for (let i = 0; i < width * height; i++) {
                if (data[4 * i] + data[4 * i + 1] + data[4 * i + 2] < 3 * 253) continue;
                n += 1;
                x += i % width + 0.5;
                y += Math.floor(i / width) + 0.5;
              }
              return n ? [x / n / devicePixelRatio, y / n / devicePixelRatio] : null;
            }"""
            )
        )
        return None if middle is None else (float(middle[0]), float(middle[1]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(workspace: Path, *options: str, port: int | None = None) -> tuple[subprocess.Popen[bytes], str]:
    """Start the harness and wait until it answers; returns its process and address."""
    port = port or free_port()
    root = HARNESS.parents[4]
    environment = {**os.environ, "SEGSCOPE_WORKSPACE": str(workspace), "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "streamlit", "run", str(HARNESS), "--server.port", str(port), *options]
    with (workspace / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=subprocess.STDOUT)
    base = next((options[i + 1].strip("/") for i, each in enumerate(options) if each == "--server.baseUrlPath"), "")
    address = f"http://127.0.0.1:{port}" + (f"/{base}" if base else "")
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
        except OSError:
            assert process.poll() is None, (workspace / "server.log").read_text()
            time.sleep(0.1)
        else:
            return process, address
    process.kill()
    process.wait()
    raise AssertionError(f"no answer from {address}: {(workspace / 'server.log').read_text()}")


@pytest.fixture(scope="session")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running harness, one for all files: each test opens a page of its own on it."""
    process, address = start(tmp_path_factory.mktemp("workspace"))
    yield address
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """One profile per file: Streamlit's scripts are fetched and compiled once, which takes longer than most tests."""
    context = browser.new_context(**SCREEN)
    yield context
    context.close()


@pytest.fixture
def page(profile: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A watched page in a profile that remembers nothing of the test before."""
    profile.clear_cookies()
    profile.clear_permissions()
    with watched_page(profile, request.node.get_closest_marker("page_may_throw") is not None) as page:
        yield page
        if page.url.startswith("http"):  # an empty page has none
            page.evaluate("localStorage.clear(); sessionStorage.clear()")


@pytest.fixture
def open_viewer(harness: str, page: Page) -> Callable[[str], Hand]:
    """Open the harness with a query and wait until every volume is there."""

    def go(query: str) -> Hand:
        page.goto(f"{harness}/?{query}")
        root = page.locator(".segscope-viewer")
        root.wait_for(timeout=30_000)
        hand = Hand(page, root)
        hand.expect("ready", "true", 20_000)
        hand.rest()
        return hand

    return go
