"""What every test may ask for: real scans, a workspace of its own, and a browser that reaches this machine only."""

from __future__ import annotations

import os
import sys

# before anything imports torch or albumentations: two workers share two cores, and no test asks the network
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.watched_page import SCREEN, watched_page
from tools.find_browser import NoBrowserError, find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# how long an example takes says what else the machine does
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parents[1]
CHROME_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    # the app must work without any network: every other name fails to resolve
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real scans: $SEGSCOPE_TEST_DATA, else ../shared/data beside the checkout.

    Where it is absent the test is skipped with that reason, or fails under SEGSCOPE_REQUIRE_DATA=1.
    """
    folder = Path(os.environ.get("SEGSCOPE_TEST_DATA") or ROOT.parent / "shared" / "data")
    if folder.is_dir():
        return folder.resolve()
    reason = f"real scans: {folder} is not a folder; set SEGSCOPE_TEST_DATA to the one that holds them"
    if os.environ.get("SEGSCOPE_REQUIRE_DATA") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _determinism_as_before() -> Iterator[None]:
    """A training in this process forbids what is not deterministic; the next test may want it."""

    def mode() -> int:
        torch = sys.modules.get("torch")
        return torch.get_deterministic_debug_mode() if torch else 0

    before = mode()
    yield
    if mode() != before:
        sys.modules["torch"].set_deterministic_debug_mode(before)


@pytest.fixture(autouse=True)
def _main_as_before() -> Iterator[None]:
    """AppTest leaves its script as `__main__`, and a process that a later test spawns would run it again."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def workspace_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace of this test's own, which $SEGSCOPE_WORKSPACE names."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(folder))
    return folder


@pytest.fixture(scope="session")
def chrome_path() -> Path:
    """The Chrome or Chromium on this machine; its absence is a failure, never a skip."""
    try:
        return find_browser()
    except NoBrowserError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def browser(chrome_path: Path) -> Iterator[Browser]:
    """One headless browser per test file.

    Not per session: while Playwright's synchronous interface is open its event loop is the thread's
    running one, and `asyncio.run` in another file's test would be refused.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chrome_path, headless=True, args=CHROME_ARGUMENTS)
        yield chrome
        chrome.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of 1440 x 900 in a fresh profile, watched; a test marked `page_may_throw` is about scripts that fail."""
    context = browser.new_context(**SCREEN)
    with watched_page(context, request.node.get_closest_marker("page_may_throw") is not None) as page:
        yield page
    context.close()
