"""Whoever's browser asks for light gets pages on white that can be read; everybody else the reading room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from core.workspace import Workspace
from tests.pages.serving import serving_app
from tests.pages.viewer.test_accessibility import TEXTS
from tests.watched_page import watched_page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
GROUND = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
FIRST_WORDS = {"segment": "Or try a case that is here", "browse": "Make the demo"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_app(Workspace(tmp_path_factory.mktemp("light") / "workspace")) as served:
        yield served.address


@pytest.mark.parametrize(("asked", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(13, 16, 20)")])
def test_pages_follow_the_browser_and_all_text_has_a_contrast_of_4_5(
    address: str, browser: Browser, asked: str, ground: str
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=asked)  # type: ignore[arg-type]
    with watched_page(context) as page:
        for path, said in FIRST_WORDS.items():
            page.goto(f"{address}/{path}")
            page.get_by_text(said).first.wait_for()
            assert page.evaluate(GROUND) == ground
            texts = page.evaluate(f"({TEXTS})(document.body)")
            assert len(texts) > 5
            assert [(text, round(ratio, 2)) for text, ratio in texts if ratio < 4.5] == []
    context.close()
