"""A done study in a real browser: what is on the screen when its address is opened again, also on a narrow one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from core.jobs.uploads import UploadFile, create_upload, uploads_of
from core.service.cookies import COOKIE
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import study_files, with_checkpoint
from tests.pages.segment.browser import SOON_MS, drop
from tests.pages.serving import serving_app
from tests.pages.viewer.conftest import Hand

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Workspace]]:
    workspace = with_checkpoint(Workspace(tmp_path_factory.mktemp("segment") / "workspace"))
    with serving_app(workspace) as served:
        yield served.address, workspace


def test_a_done_study_opens_with_its_tools_away_and_its_picture_first(
    app: tuple[str, Workspace], page: Page, tmp_path: Path
) -> None:
    address, _ = app
    page.goto(f"{address}/segment")
    drop(page, study_files(tmp_path / "brought"))
    page.get_by_role("button", name="NIfTI", exact=True).wait_for(timeout=SOON_MS)
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.expect("ready", "true", SOON_MS)
    hand.press("Home")
    page.wait_for_url("**slice=0*")

    page.reload()
    page.get_by_role("button", name="NIfTI", exact=True).wait_for(timeout=SOON_MS)
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.expect("ready", "true", SOON_MS)
    row = hand.root.get_by_role("toolbar", name="Tools")
    expect(hand.root.locator(".tools-button")).to_be_visible()
    expect(row).to_be_hidden()
    hand.root.locator(".tools-button").click()
    layout = row.get_by_role("combobox", name="Layout")
    # three planes of T1c, and FLAIR beside them
    assert layout.evaluate("select => select.selectedOptions[0].textContent") == "Planes and FLAIR"
    expect(row.get_by_label("Model", exact=True)).to_be_hidden()

    series = page.get_by_text("4 series").first
    assert _top(series) < 300  # beside the picture
    page.set_viewport_size({"width": 390, "height": 844})
    expect(series).not_to_be_in_viewport()
    assert _top(hand.grid) < 300
    assert _top(hand.grid) < _top(series) < _top(page.get_by_text("Measured", exact=True))


def _top(what: object) -> float:
    box = what.bounding_box()  # type: ignore[attr-defined]
    assert box
    return float(box["y"])


def test_what_has_arrived_is_segmented_here_and_checked_where_it_is_imported(
    app: tuple[str, Workspace], page: Page
) -> None:
    address, workspace = app
    page.goto(f"{address}/segment")
    root = page.get_by_test_id("segscope-uploader")
    page.locator("[data-testid=segscope-uploader][data-state=empty]").wait_for(timeout=SOON_MS)
    (browser,) = (cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE)
    create_upload(workspace, browser, [UploadFile("scan.nii", 0)])
    (upload,) = uploads_of(workspace, browser)
    assert upload.is_complete
    page.reload()
    expect(root.locator("button.check")).to_have_text("Segment it", timeout=SOON_MS)
    page.goto(f"{address}/browse")
    page.get_by_text("Or import your own scans").click()
    expect(root.locator("button.check")).to_have_text("Check it", timeout=SOON_MS)
