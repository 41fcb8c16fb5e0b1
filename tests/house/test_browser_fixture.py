"""The browser that the tests use runs scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_a_page_runs_its_scripts(page: Page) -> None:
    page.set_content("<p id=sum></p><script>document.getElementById('sum').textContent = 2 + 3</script>")
    assert page.text_content("#sum") == "5"
