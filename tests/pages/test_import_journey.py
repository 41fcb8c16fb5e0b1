"""Bringing scans in with a real browser: send, be cut off, go on, see what is wrong, import, look."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import pytest

from core.jobs.uploads import uploads_folder
from core.service.cookies import COOKIE
from core.service.tokens import TOKEN_HEADER, issue, token_key
from core.service.uploads import OFFSET_HEADER, SCOPE
from core.workspace import PROJECT, Workspace
from tests.cases import case_id, write_case, write_cohort
from tests.pages.serving import serving_app

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

PICTURES = PROJECT / "tests" / "output"
MEBIBYTE = 1024**2

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True)
class App:
    """A running app on an empty workspace."""

    address: str
    pid: int
    workspace: Workspace


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    workspace = Workspace(tmp_path_factory.mktemp("import") / "workspace")
    with serving_app(workspace) as served:
        yield App(served.address, served.pid, workspace)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Two good cases and one without FLAIR, in a folder that bears a name."""
    folder = write_cohort(tmp_path / "Doe Jane", 2)
    write_case(folder, case_id(3), 3, suffix=".nii", without=["t2f"])
    return folder


def uploader(page: Page, state: str) -> Locator:
    root = page.get_by_test_id("segscope-uploader")
    page.locator(f"[data-testid=segscope-uploader][data-state={state}]").wait_for(timeout=60_000)
    return root


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


@pytest.mark.slow
def test_a_folder_is_sent_cut_off_resumed_checked_and_imported(app: App, page: Page, files: Path) -> None:
    page.goto(f"{app.address}/browse")
    page.get_by_text("Or import your own scans").click()
    send_some_and_leave(page, files)
    come_back_and_send_the_rest(page, files)
    look_at_what_was_found(page)
    bring_it_in(app, page)


def send_some_and_leave(page: Page, files: Path) -> None:
    root = uploader(page, "empty")
    picture(page, "import-empty")
    held: list[Route] = []

    def all_but_two(route: Route) -> None:
        if route.request.method == "PUT" and route.request.url.rsplit("/", 1)[1] not in ("0", "1"):
            held.append(route)
        else:
            route.continue_()

    page.route("**/uploads/*/*", all_but_two)
    root.locator("input.folder").set_input_files(files)
    uploader(page, "sending")
    while len(held) < 4:  # each lane waits
        page.wait_for_timeout(50)
    picture(page, "import-sending")
    page.reload()
    page.unroute_all(behavior="ignoreErrors")


def come_back_and_send_the_rest(page: Page, files: Path) -> None:
    root = uploader(page, "pending")
    assert "An upload of 14 files stopped at" in root.inner_text()
    picture(page, "import-pending")
    root.locator("input.folder").set_input_files(files)


def look_at_what_was_found(page: Page) -> None:
    page.get_by_text("Findings", exact=True).wait_for(timeout=120_000)
    page.get_by_text("2 cases can be used").wait_for()
    page.get_by_text("only t1n, t1c, t2w, seg").wait_for()
    page.get_by_role("button", name="Import", exact=True).wait_for(timeout=120_000)
    picture(page, "import-review")


def bring_it_in(app: App, page: Page) -> None:
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("button", name="Open in Browse").wait_for(timeout=120_000)
    picture(page, "import-done")
    page.get_by_role("button", name="Open in Browse").click()
    viewer = page.get_by_test_id("segscope-viewer")
    viewer.wait_for(timeout=60_000)
    page.wait_for_function("element => element.dataset.ready === 'true'", arg=viewer.element_handle(), timeout=60_000)
    assert viewer.locator(".panel").count() == 4
    assert "import=" not in page.url
    assert len(app.workspace.cohort(None).cases) == 2
    assert not list(uploads_folder(app.workspace).iterdir())
    assert not [path for path in app.workspace.root.rglob("*") if b"Jane" in content(path)]


def content(path: Path) -> bytes:
    return path.name.encode() + (path.read_bytes() if path.is_file() else b"")


@pytest.mark.slow
def test_an_upload_that_loses_the_server_goes_on_by_itself_and_can_be_cancelled(
    app: App, page: Page, files: Path
) -> None:
    page.goto(f"{app.address}/browse?import=new")
    root = uploader(page, "empty")
    page.route("**/uploads/*/*", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    root.locator("input.folder").set_input_files(files)
    uploader(page, "offline")
    assert "It goes on by itself when it is back." in root.inner_text()
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_text("Checking an upload", exact=True).first.wait_for(timeout=60_000)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_text("The check was cancelled. Nothing was imported.").wait_for(timeout=60_000)
    page.get_by_role("button", name="Start anew").click()
    uploader(page, "empty")
    assert not list(uploads_folder(app.workspace).iterdir())


@pytest.mark.slow
def test_two_hundred_megabytes_cost_the_server_no_memory(app: App) -> None:
    """Sent in one request, so that nothing but the server decides how much of it is held."""
    size, process = 200 * MEBIBYTE, psutil.Process(app.pid)
    host = urlsplit(app.address).netloc
    browser = "ab" * 16
    headers = {
        "Cookie": f"{COOKIE}={browser}",
        TOKEN_HEADER: issue(token_key(app.workspace.root), SCOPE, browser),
        "Sec-Fetch-Site": "same-origin",
    }

    def send(count: int) -> None:
        connection = HTTPConnection(host, timeout=120)
        connection.request("POST", "/uploads/new", f'{{"files": [{{"name": "a.nii", "size": {count}}}]}}', headers)
        upload = connection.getresponse().read().decode().split('"')[3]
        block = bytes(MEBIBYTE)
        length = {"Content-Length": str(count), OFFSET_HEADER: "0"}
        connection.request("PUT", f"/uploads/{upload}/0", (block for _ in range(count // MEBIBYTE)), headers | length)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"offset":%d}' % count)
        connection.request("DELETE", f"/uploads/{upload}", headers=headers)
        assert connection.getresponse().status == 200
        connection.close()

    send(MEBIBYTE)
    before, highest, ended = process.memory_info().rss, 0, threading.Event()

    def look() -> None:
        nonlocal highest
        while not ended.is_set():
            highest = max(highest, process.memory_info().rss)
            time.sleep(0.02)

    looking = threading.Thread(target=look)
    looking.start()
    send(size)
    ended.set()
    looking.join()
    assert highest - before < 30 * MEBIBYTE
