"""The Train page in a browser: its button can be read, its curves are saved, a training is started and watched."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.atomic import read_json
from core.splitting import make_split
from core.training.runs.run_folder import RunFolder
from core.workspace import Workspace
from tests.pages.serving import serving_app
from tests.pages.train.runs import RECIPE, made_run

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Workspace]]:
    """The app on four split patients; whatever it trains is ended with it."""
    workspace = Workspace(shutil.copytree(imported, tmp_path_factory.mktemp("served") / "workspace"))
    make_split(workspace, "small", "default", None, "70/15/15", 0)
    with serving_app(workspace) as app:
        yield app.address, workspace
    for name in workspace.run_names():
        run = RunFolder(workspace.run_folder(name))
        if run.is_alive:
            os.kill(read_json(run.folder / "process.json")["pid"], signal.SIGKILL)


CURVE = """() => document.querySelector('.st-key-surface-loss svg .mark-line path')?.getAttribute('d')?.length ?? 0"""


def grown(page: Page, than: int) -> int:
    """Wait until the training curve is longer than it was; return its length in the picture's own words."""
    page.wait_for_function(f"least => ({CURVE})() > least", arg=than, timeout=200_000)
    return int(page.evaluate(CURVE))


INKS = """button => [getComputedStyle(button.querySelector('p')).color, getComputedStyle(button).backgroundColor]"""


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)`. Reference: WCAG 2.2, definition of relative luminance."""
    parts = [int(part) / 255 for part in colour.strip("rgb()").split(",")]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_accent_buttons_words_can_be_read_and_the_curves_saved(served: tuple[str, Workspace], page: Page) -> None:
    address, workspace = served
    made_run(workspace, state="done")
    page.goto(f"{address}/train")
    button = page.get_by_role("button", name="Start training")
    button.wait_for(timeout=60_000)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stBaseButton-primary]').disabled", timeout=120_000
    )
    ink, ground = button.evaluate(INKS)
    assert (luminance(ground) + 0.05) / (luminance(ink) + 0.05) >= 4.5
    page.get_by_role("button", name="Save curves").click()
    with page.expect_download(timeout=60_000) as coming:
        page.get_by_role("button", name="SVG", exact=True).click()
    assert coming.value.suggested_filename == "u-net-narrow-0001.svg"
    assert b"Validation Dice" in Path(coming.value.path()).read_bytes()
    shutil.rmtree(workspace.runs)


@pytest.mark.timeout(600)
def test_a_training_is_started_watched_and_stopped_in_a_browser(served: tuple[str, Workspace], page: Page) -> None:
    from playwright.sync_api import expect

    address, workspace = served
    page.goto(f"{address}/train")
    page.get_by_role("combobox", name="Recipe").click()
    page.get_by_role("option", name=RECIPE).click()
    expect(page.get_by_role("combobox", name="Architecture")).to_have_value("U-Net, 12-24-48-96-128", timeout=60_000)
    for label, value in (("Batch", "2"), ("Length", "4000")):
        # the form of the recipe before stays until the page has run to its end
        expect(page.get_by_label(label, exact=True)).to_have_count(1, timeout=30_000)
        page.get_by_label(label, exact=True).fill(value)
        page.get_by_label(label, exact=True).press("Enter")
    page.get_by_text("4,000 steps are").wait_for()
    page.get_by_role("button", name="Start training").dblclick()

    length = grown(page, 40)
    page.evaluate("() => { document.querySelector('.st-key-surface-loss svg.marks').dataset.seen = 'yes' }")
    grown(page, length)
    assert page.locator(".st-key-surface-loss svg.marks").get_attribute("data-seen") == "yes", (
        "the chart was built again"
    )
    assert workspace.run_names() == [f"{RECIPE}-0001"], "a double click is one start"

    page.reload()
    grown(page, length)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Resume").wait_for(timeout=120_000)
    run = RunFolder(workspace.run_folder(f"{RECIPE}-0001"))
    assert run.status.state == "stopped"
    assert run.pointed("last") is not None
    assert json.loads((run.folder / "metrics.jsonl").read_text().splitlines()[-1])["step"] == run.status.step
