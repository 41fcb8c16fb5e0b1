"""Segment in a real browser: files dropped, and what is handed over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from core.workspace import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = PROJECT / "tests" / "output"
SOON_MS = 120_000
TAKES = re.compile(r"^Save \S")  # a file by its name; the viewer has a button called Save


def drop(page: Page, files: list[Path]) -> None:
    """Drop files onto the page's uploader."""
    root = page.get_by_test_id("segscope-uploader")
    page.locator("[data-testid=segscope-uploader][data-state=empty]").wait_for(timeout=SOON_MS)
    root.locator("input.files").set_input_files(files)


def download(page: Page, name: str, folder: Path) -> Path:
    """Have a format made and return the file that is handed over."""
    page.get_by_role("button", name=name, exact=True).click()
    with page.expect_download(timeout=SOON_MS) as got:
        page.get_by_role("button", name=TAKES).click(timeout=SOON_MS)
    path = folder / got.value.suggested_filename
    got.value.save_as(path)
    return path
