"""In a real browser: from view to view, the address along, and from a failure to the slice it is on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from core.workspace import PROJECT
from pages.parts.compare.failure_pictures import SIDE
from tests.cases import case_id
from tests.pages.parts.compare.conftest import FAR, INVENTED, PATIENTS
from tests.pages.serving import serve

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.timeout(300)
LONG_MS = 60_000


@pytest.fixture(scope="module")
def address(compared_once: Path) -> Iterator[str]:
    process, address = serve(PROJECT / "app.py", compared_once)
    yield address
    process.terminate()
    process.wait(10)


def query_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def viewer(page: Page) -> Locator:
    """The page's viewer, with every volume in place."""
    root = page.get_by_test_id("segscope-viewer")
    root.wait_for(timeout=LONG_MS)
    page.wait_for_function("element => element.dataset.ready === 'true'", arg=root.element_handle(), timeout=LONG_MS)
    return root


def turn_to(page: Page, view: str, waits_for: str) -> None:
    page.get_by_role("radio", name=view, exact=True).click()
    page.get_by_text(waits_for).first.wait_for(timeout=LONG_MS)


@pytest.mark.slow
def test_from_view_to_view_and_from_a_failure_to_its_slice(address: str, page: Page) -> None:
    page.goto(f"{address}/compare")
    viewer(page)
    turn_to(page, "Scores", "All definitions")
    page.wait_for_url(re.compile("view=scores"))
    assert page.get_by_test_id("segscope-viewer").count() == 0
    turn_to(page, "Trust", "Risk against coverage")
    page.wait_for_url(re.compile("view=trust"))
    turn_to(page, "Report", "Make the report")
    turn_to(page, "Failures", "A lesion is a connected part")
    page.get_by_role("radio", name="Invented lesions").click()
    row = page.locator("tr", has_text=f"{INVENTED} voxels").first
    row.wait_for(timeout=LONG_MS)
    picture = row.get_by_role("img")
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == SIDE
    by_name, by_picture = row.get_by_role("link", name=case_id(1), exact=True), row.get_by_role("link").first
    assert by_picture.get_attribute("href") == by_name.get_attribute("href")
    picture.click()
    root = viewer(page)
    seen = query_of(page)
    assert seen["case"] == case_id(1)
    assert int(seen["slice"]) in (FAR[2], FAR[2] + 1)
    assert root.get_attribute("data-slice") == seen["slice"]
    page.wait_for_function("() => !location.search.includes('view=')")


@pytest.mark.slow
def test_a_link_opens_its_view_on_a_fresh_page_and_a_dot_its_patient(address: str, page: Page) -> None:
    page.goto(f"{address}/compare?view=scores&metric=nsd")
    page.get_by_text("All definitions").wait_for(timeout=LONG_MS)
    assert page.get_by_role("radio", name="NSD").is_checked()
    dots = page.get_by_test_id("stVegaLiteChart").first.locator(f"path[aria-label*='{case_id(2)}']")
    dots.first.click(force=True)  # dots may lie on each other
    viewer(page)
    assert query_of(page)["case"] in {case_id(patient) for patient in range(1, PATIENTS + 1)}
