"""The two viewers, each opened in a browser of its own and scrolled by the same wheel."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.viewer.case import COHORT, Shown
from core.workspace import PROJECT
from tests.pages.serving import serve

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, ElementHandle, Page, Playwright

HERE = Path(__file__).parent
# WebGL without a GPU is refused unless it is asked for
ARGUMENTS = ("--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking")
OPENING_MS = 240_000


@dataclass(slots=True)
class Opened:
    """A viewer on screen.

    Attributes:
        page: the browser's page.
        target: what a wheel is turned over.
        first_ms: from the click to the first slice.
        all_ms: from the click to every volume in place.
        wire_bytes: of volumes.
        sent_frames: frames that the page has sent to Streamlit, each a wish to run Python.
    """

    page: Page
    target: ElementHandle
    first_ms: float
    all_ms: float
    wire: dict[str, int]
    sent: list[str] = field(default_factory=list)

    @property
    def wire_bytes(self) -> int:
        return self.wire["bytes"]


@contextmanager
def segscope(playwright: Playwright, chrome: Path, shown: Shown, address: str) -> Iterator[Opened]:
    """Click from Train to Compare in the app, with six panels: T1c, reference, three models, errors."""
    with _page(playwright, chrome) as page:
        sent: list[str] = []
        page.on("websocket", lambda socket: socket.on("framesent", lambda _: sent.append(socket.url)))
        query = f"cohort={COHORT}&case={shown.case_id}&models={','.join(shown.models)}"
        page.goto(f"{address}/train?{query}")
        page.get_by_role("link", name="Compare").wait_for()
        page.wait_for_timeout(1500)
        wire = _count_bytes(page, "/volumes/")
        page.evaluate("probe.watch()")
        page.get_by_role("link", name="Compare").click()
        page.wait_for_function("window.times.all", timeout=OPENING_MS)
        times = page.evaluate("window.times")
        assert page.locator(".segscope-viewer .panel").count() == 6
        target = page.locator(".segscope-viewer .panel").first.element_handle()
        page.wait_for_timeout(1500)
        yield Opened(page, target, times["first"] - times["click"], times["all"] - times["click"], wire, sent)


@contextmanager
def niivue(playwright: Playwright, chrome: Path, address: str) -> Iterator[Opened]:
    """Open six linked NiiVue canvases with the same image and the same masks."""
    with _page(playwright, chrome) as page:
        page.goto(f"{address}/niivue.html")
        wire = _count_bytes(page, ".nii.gz")
        page.click("#open")
        page.wait_for_function("window.times.all", timeout=OPENING_MS)
        times = page.evaluate("window.times")
        target = page.locator("canvas").first.element_handle()
        yield Opened(page, target, times["first"] - times["click"], times["all"] - times["click"], wire)


@contextmanager
def serving_app(shown: Shown) -> Iterator[str]:
    """Serve the app on the case's workspace."""
    process, address = serve(PROJECT / "app.py", shown.workspace.root)
    try:
        yield address
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def serving_files(shown: Shown, scratch: Path) -> Iterator[str]:
    """Install NiiVue from its package and serve it with the case's files."""
    folder = scratch / "niivue"
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    subprocess.run(["npm", "ci", "--silent"], cwd=folder, check=True)
    shutil.copy(folder / "node_modules/@niivue/niivue/dist/niivue.umd.js", folder)
    for path in (HERE / "niivue.html", shown.image, *shown.masks):
        shutil.copy(path, folder)
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it that
        pass


def heap_mb(session: CDPSession) -> float:
    """Return the page's JavaScript heap with its typed arrays after a collection, in MB."""
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    return float(usage["usedSize"] + usage.get("backingStorageSize", 0)) / 1e6


def browser_mb() -> float:
    """Return the unique memory of the browser's page and graphics processes, in MB."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            line = " ".join(process.cmdline())
            if "--type=renderer" in line or "--type=gpu-process" in line:
                total += process.memory_full_info().uss
        except psutil.Error:
            continue
    return total / 1e6


@contextmanager
def _page(playwright: Playwright, chrome: Path) -> Iterator[Page]:
    browser = playwright.chromium.launch(executable_path=chrome, headless=True, args=list(ARGUMENTS))
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    context.add_init_script(path=HERE / "probe.js")
    try:
        yield context.new_page()
    finally:
        browser.close()


def _count_bytes(page: Page, part: str) -> dict[str, int]:
    """Count what travels for addresses that hold `part`, as long as the page lives."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    wanted: set[str] = set()
    count = {"bytes": 0}

    def responded(event: dict[str, Any]) -> None:
        if part in event["response"]["url"]:
            wanted.add(event["requestId"])

    def finished(event: dict[str, Any]) -> None:
        if event["requestId"] in wanted:
            count["bytes"] += int(event["encodedDataLength"])

    session.on("Network.responseReceived", responded)
    session.on("Network.loadingFinished", finished)
    return count
