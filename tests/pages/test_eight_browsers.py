"""Eight browsers press Start in the same moment: eight runs, one process each, none lost and none twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.importing import import_folder
from core.splitting import make_split
from core.training.runs.run_folder import RunFolder
from core.workspace import Workspace
from tests.cases import write_cohort
from tests.pages.serving import serving_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSERS = 8
STEPS = 4
PATIENCE_S = 500
CAN_START = "() => document.querySelector('[data-testid=stBaseButton-primary]')?.disabled === false"
PRESS = "() => document.querySelector('[data-testid=stBaseButton-primary]').click()"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Workspace]]:
    workspace = Workspace(tmp_path / "workspace")
    import_folder(workspace, write_cohort(tmp_path / "phantoms", 4), "phantoms")
    make_split(workspace, "phantoms", "default", None, "70/15/15", 0)
    with serving_app(workspace) as app:
        yield app.address, workspace


def test_eight_browsers_press_start_at_once(served: tuple[str, Workspace], browser: Browser) -> None:
    address, workspace = served
    pages = [browser.new_context().new_page() for _ in range(BROWSERS)]
    for page in pages:
        page.goto(f"{address}/train")
        page.get_by_label("Length", exact=True).fill(str(STEPS), timeout=60_000)
        page.get_by_label("Length", exact=True).press("Enter")
    for page in pages:
        page.get_by_text(f": {STEPS} steps are").wait_for(timeout=120_000)
        page.wait_for_function(CAN_START, timeout=240_000)
    for page in pages:
        page.evaluate(PRESS)

    ends = time.monotonic() + PATIENCE_S
    while not (len(runs := of(workspace)) == BROWSERS and all(run.status.state in ("done", "failed") for run in runs)):
        assert time.monotonic() < ends, [(run.name, run.status.state) for run in runs]
        time.sleep(0.5)
    assert [(run.name, run.status.state, run.status.message) for run in runs] == [
        (f"phantom-unet-{number:04d}", "done", "") for number in range(1, BROWSERS + 1)
    ]
    for run in runs:
        lines = [line.split(" ", 2)[2] for line in (run.folder / "log.txt").read_text().splitlines()]
        assert lines == ["started", "done"], "one process, once"
        assert [record["step"] for record in run.metrics() if record["kind"] == "step"] == list(range(1, STEPS + 1))
    in_turn = sorted((run.status.started_at, run.status.heartbeat) for run in runs)
    assert all(end <= start for (_, end), (start, _) in pairwise(in_turn)), "one at a time"
    for page in pages:
        page.reload()
        page.get_by_text("done", exact=True).first.wait_for(timeout=240_000)
        page.context.close()


def of(workspace: Workspace) -> list[RunFolder]:
    return [RunFolder(workspace.runs / name) for name in sorted(workspace.run_names())]
