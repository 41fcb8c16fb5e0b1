"""A training killed at any moment, again and again, ends with the weights and the curve of one that was not."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import psutil
import pytest

from core.checkpoints import load_model, read_checkpoint
from core.training.runs.run_folder import RunFolder
from core.training.start import create_run, plan_run
from core.workspace import PROJECT, Cohort, Workspace
from tests import narrow
from tests.durability.conftest import last_weights, measured

EVERY = 5  # steps between checkpoints
STEPS = 120
SEED = 13
CALLS_OF_A_SAVE = 48
WITH_LOADERS, WITHOUT = 15, 35  # kills at random moments: fifty
SECTIONS: dict[str, Mapping[str, Any]] = {
    "model": {"name": "unet", "arguments": {"channels": [4, 8], "norm": "instance", "dropout": 0.2}},
    "augment": {"preset": "strong"},
    "train": {"max_steps": STEPS, "batch_size": 2, "checkpoint_every_steps": EVERY, "validate_every_steps": 2 * EVERY},
}


class Nursery:
    """A process whose children train."""

    def __init__(self, workspace: Workspace) -> None:
        environment = os.environ | {"SEGSCOPE_WORKSPACE": str(workspace.root), "PYTHONPATH": str(PROJECT)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.durability.nursery", str(workspace.root)],
            cwd=PROJECT,
            env=environment | {"OMP_NUM_THREADS": "1", "NO_ALBUMENTATIONS_UPDATE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def train(self, run: RunFolder, **order: object) -> tuple[int, str]:
        """Train a run as ordered; return the child's exit code and before which call it died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"run": run.name, **order}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["code"], answer["point"]

    def close(self) -> None:
        assert self._process.stdout is not None
        self._process.communicate(timeout=30)


@pytest.fixture
def nursery(workspace: Workspace, small: Cohort) -> Iterator[Nursery]:
    kept = Nursery(workspace)
    yield kept
    kept.close()


def made(workspace: Workspace, workers: int = 0) -> RunFolder:
    recipe = narrow.recipe(**(SECTIONS | {"train": {**SECTIONS["train"], "workers": workers}}))
    return create_run(workspace, recipe, plan_run(workspace, recipe, "small", "default", None))


def require_whole(run: RunFolder) -> None:
    """Fail where anything that a killed run has left cannot be read, or more than one interval is lost."""
    status = run.status
    assert status.state in ("failed", "stopped"), "killed, or killed before it took its run over"
    for name in ("best", "last"):
        folder = run.pointed(name)  # type: ignore[arg-type]
        if folder is not None:
            load_model(read_checkpoint(folder))
    last = run.pointed("last")
    saved = int(last.name.removeprefix("step-")) if last else 0
    done = max((record["step"] for record in run.metrics()), default=0)
    assert saved <= done <= saved + EVERY


def require_equal(run: RunFolder, straight: RunFolder) -> None:
    assert run.status.state == "done"
    assert last_weights(run) == last_weights(straight)
    assert measured(run) == measured(straight)
    ours, theirs = run.pointed("best"), straight.pointed("best")
    assert ours is not None
    assert theirs is not None
    assert ours.name == theirs.name


def kill_until_done(
    nursery: Nursery, workspace: Workspace, straight: RunFolder, orders: list[dict[str, Any]], workers: int = 0
) -> list[str]:
    """Kill as often as ordered, in as many runs as that takes, and finish each of them.

    Returns:
        Before which call each died, where the order was to die before one.
    """
    run = made(workspace, workers)
    points = []
    for order in orders:
        code, point = nursery.train(run, **order)
        if code == 0:  # done before its time, so another is killed
            require_equal(run, straight)
            run = made(workspace, workers)
            code, point = nursery.train(run, **order)
        assert code == -signal.SIGKILL
        require_whole(run)
        points.append(point)
    assert nursery.train(run) == (0, "")
    require_equal(run, straight)
    return points


def random_moments(count: int) -> list[dict[str, Any]]:
    """Most of them while it trains, validates and saves, every seventh while it starts or resumes."""
    rng = random.Random(SEED)
    while_training = {"steps": 0, "after_s": 0.0}
    return [
        {"early_s": rng.uniform(0, 0.5)}
        if number % 7 == 6
        else while_training | {"steps": rng.randint(1, 2 * EVERY), "after_s": rng.uniform(0, 0.1)}
        for number in range(count)
    ]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_kills_at_random_moments_change_nothing(nursery: Nursery, workspace: Workspace, small: Cohort) -> None:
    straight = made(workspace)
    assert nursery.train(straight) == (0, "")
    kill_until_done(nursery, workspace, straight, random_moments(WITHOUT))
    kill_until_done(nursery, workspace, straight, random_moments(WITH_LOADERS), workers=1)
    ends = time.monotonic() + 30
    while loaders := _loaders_of(workspace):
        assert time.monotonic() < ends, f"loaders outlive their training: {loaders}"
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_kill_before_every_single_call_of_a_save_changes_nothing(
    nursery: Nursery, workspace: Workspace, small: Cohort
) -> None:
    straight = made(workspace)
    assert nursery.train(straight) == (0, "")
    orders = [{"call": call, "at": 2 * EVERY} for call in range(CALLS_OF_A_SAVE)]
    points = {_plain(point) for point in kill_until_done(nursery, workspace, straight, orders)}
    expected = {
        "mkdir step-N", "fsync weights.safetensors", "fsync resume.safetensors", "fsync resume.json", "fsync card.json",
        "replace card.json", "rename step-N", "fsync best.json", "replace best.json", "fsync metrics.jsonl",
        "fsync last.json", "replace last.json", "rmdir step-N",
    }  # fmt: skip
    assert expected - points == set(), points
    assert any(point.startswith("unlink") for point in points), "while an older checkpoint is deleted"


def _plain(point: str) -> str:
    """Take out of a point what is another each time: the number of the step and the temporary name."""
    return re.sub(r"step-\d+", "step-N", re.sub(r"\.[0-9a-f]{8}\.tmp", "", point)).replace(" .", " ")


def _loaders_of(workspace: Workspace) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if "spawn_main" in " ".join(process.cmdline()) and str(workspace.root) in process.environ().values():
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
