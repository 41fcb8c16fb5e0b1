"""The app's server killed and started again, ten times, while a training runs on; each new one shows it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from core.jobs.trainings import list_runs
from core.training.process import run_training
from core.training.runs.run_folder import RunFolder
from core.training.start import create_run, plan_run
from core.workspace import PROJECT, Cohort, Workspace
from pages.parts.training.run_words import run_number
from tests import narrow
from tests.durability.conftest import last_weights, measured
from tests.pages.serving import serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TIMES = 10
# long enough for ten starts of a server, and cheap
TRAIN = {
    "epochs": 1_000_000,
    "max_steps": 1_000_000,
    "batch_size": 2,
    "checkpoint_every_steps": 50,
    "validate_every_steps": 1000,
}

START = """
import os, signal, sys
from pathlib import Path
from core.jobs.queue import enqueue
from core.workspace import Workspace
enqueue(Workspace(Path(sys.argv[1])), sys.argv[2], "cpu")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_outlives_ten_servers_and_each_new_one_shows_it(
    workspace: Workspace, small: Cohort, browser: Browser
) -> None:
    recipe = narrow.recipe(train=TRAIN)
    run = create_run(workspace, recipe, plan_run(workspace, recipe, "small", "default", None))
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    starter = subprocess.run(
        [sys.executable, "-c", START, str(workspace.root), run.name], cwd=PROJECT, env=environment, check=False
    )
    assert starter.returncode == -signal.SIGKILL, "whoever started the run is gone the moment it was started"
    wait_until_it_trains(run)
    first = run.status
    try:
        for _ in range(TIMES):
            server, address = serve(PROJECT / "app.py", workspace.root)
            try:
                look_at(browser, f"{address}/train", run.name)
            finally:
                server.kill()
                server.wait()
            (row,) = list_runs(workspace)
            assert (row["run"], row["state"], row["device"]) == (run.name, "running", "cpu")
            now = run.status
            assert (now.pid, now.pid_started) == (first.pid, first.pid_started), "the same process all the time"
        assert now.step > first.step
    finally:
        run.request("stop")
    ends = time.monotonic() + 60
    while run.status.state == "running":
        assert time.monotonic() < ends
        time.sleep(0.1)
    assert run.status.state == "stopped"
    require_as_undisturbed(workspace, run)


def look_at(browser: Browser, address: str, run: str) -> None:
    """Wait until a page shows a run, and offers to stop it as it runs."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.get_by_text(f"· {run_number(run)}").first.wait_for(timeout=60_000)
    page.get_by_role("button", name="Stop", exact=True).wait_for(timeout=60_000)
    context.close()


def require_as_undisturbed(workspace: Workspace, run: RunFolder) -> None:
    """Train the same recipe as far in this process, where no server is near."""
    recipe = narrow.recipe(train=TRAIN)
    straight = create_run(workspace, recipe, plan_run(workspace, recipe, "small", "default", None))

    def stop_there(event: dict[str, object]) -> None:
        if event["event"] == "step" and event["step"] == run.status.step:
            straight.request("stop")

    assert run_training(workspace, straight, "cpu", stop_there) == "stopped"
    assert last_weights(run) == last_weights(straight)
    assert measured(run) == measured(straight)


def wait_until_it_trains(run: RunFolder) -> None:
    ends = time.monotonic() + 120
    while run.status.step < 1:
        assert time.monotonic() < ends, (run.status, run.output())
        time.sleep(0.1)
