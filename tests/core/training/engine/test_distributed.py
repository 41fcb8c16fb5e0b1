"""Two processes train what one trains."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.checkpoints import WEIGHTS
from core.errors import RefusedError
from core.training.engine.distributed import ALONE, World, joined
from core.training.runs.run_folder import RunFolder
from core.workspace import PROJECT, Cohort, Workspace
from tests import narrow
from tests.core.training.conftest import Start, Train

CLOSE = 1e-5


def test_one_process_is_alone_and_talks_to_nobody() -> None:
    with joined() as world:
        assert world is ALONE
    own = torch.ones(2, requires_grad=True)
    assert world.gather(own, 2) is own
    assert world.told(lambda: [3.0], 1) == [3.0]
    assert world.told_text(lambda: "unet-0001") == "unet-0001"
    world.add_up([own], [])
    world.wait()


def test_shares_cover_a_batch_and_every_process_needs_one() -> None:
    assert [World(rank, 3).share(8) for rank in range(3)] == [slice(0, 3), slice(3, 6), slice(6, 8)]
    with pytest.raises(RefusedError) as refused:
        World(0, 4).share(3)
    assert str(refused.value) == ("a batch of 3 cannot be shared by 4 processes; raise train.batch_size or start fewer")


def test_each_process_has_a_device_of_its_own_only_where_it_was_not_told_one() -> None:
    assert World(1, 2, 1).device("cpu") == "cpu"
    assert ALONE.device("cuda") == "cuda"
    expected = "cuda:1" if torch.cuda.is_available() else "auto"
    assert World(1, 2, 1).device("auto") == expected


def torchrun(workspace: Workspace, recipe: Path, *more: str) -> tuple[RunFolder, list[dict[str, Any]]]:
    """Train a recipe in two processes as a user does; returns the run and the events that were printed."""
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1",
            "--master-port", "0", "--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0",
            "-m", "core", "train", *more, *([] if more else [str(recipe), "--cohort", "small"]), "--device", "cpu",
        ],
        cwd=PROJECT,
        env=os.environ | {"SEGSCOPE_WORKSPACE": str(workspace.root), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[:3000]
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return RunFolder(workspace.run_folder(events[0]["run"])), events


def largest_difference(one: RunFolder, other: RunFolder) -> float:
    weights = []
    for run in (one, other):
        last = run.pointed("last")
        assert last is not None
        weights.append(load_file(last / WEIGHTS))
    return max(float((weights[0][name] - weights[1][name]).abs().max()) for name in weights[0])


def losses(run: RunFolder) -> list[float]:
    return [record["loss"] for record in run.metrics() if record["kind"] == "step"]


@pytest.mark.slow
@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_without_batch_norm_two_processes_give_the_weights_of_one(
    workspace: Workspace, small: Cohort, start: Start, train: Train, tmp_path: Path, optimiser: str
) -> None:
    """Dice sums over the whole batch, an odd batch is shared 2 to 1, and gradients are accumulated."""
    sections: dict[str, Any] = {
        "model": {"arguments": {"channels": [4, 8], "norm": "instance", "dropout": 0.0}},
        # Adam divides a gradient by its size: where it is next to nothing, its last digit moves a weight by the rate
        "optim": {"name": optimiser, "lr": 0.001 if optimiser == "adamw" else 0.01, "momentum": 0.9},
        "train": {"amp": "off", "batch_size": 3, "accumulate": 2, "max_steps": 8, "validate_every_steps": 4},
    }
    alone = start(**sections)
    train(alone)
    shared, events = torchrun(workspace, narrow.recipe_file(tmp_path / "shared.yaml", **sections))
    assert shared.name != alone.name
    assert [event["step"] for event in events if event["event"] == "step"] == list(range(1, 9)), "one of them speaks"
    assert losses(shared) == pytest.approx(losses(alone), abs=CLOSE)
    difference = largest_difference(alone, shared)
    print(f"{optimiser}: largest difference of a weight {difference:.2e}")
    assert difference <= CLOSE
    pairs = zip(alone.metrics(), shared.metrics(), strict=True)
    assert all(one["dice"] == pytest.approx(other["dice"], abs=1e-3) for one, other in pairs)


@pytest.mark.slow
def test_with_batch_norm_two_processes_differ_by_their_statistics(
    workspace: Workspace, small: Cohort, start: Start, train: Train, tmp_path: Path
) -> None:
    """Each process normalises by its own share; running statistics are averaged over the processes."""
    sections: dict[str, Any] = {
        "model": {"arguments": {"channels": [4, 8], "norm": "batch", "dropout": 0.0}},
        "train": {"amp": "off", "batch_size": 4, "max_steps": 8},
    }
    alone = start(**sections)
    train(alone)
    shared, _ = torchrun(workspace, narrow.recipe_file(tmp_path / "shared.yaml", **sections))
    apart = max(abs(a - b) for a, b in zip(losses(alone), losses(shared), strict=True))
    print(f"batch norm: largest difference of a loss {apart:.2e}, of a weight {largest_difference(alone, shared):.2e}")
    assert CLOSE < apart < 0.1


@pytest.mark.slow
def test_a_request_reaches_all_processes_and_the_run_resumes_in_any_number_of_them(
    workspace: Workspace, small: Cohort, start: Start, train: Train, tmp_path: Path
) -> None:
    sections: dict[str, Any] = {
        "model": {"arguments": {"channels": [4, 8], "norm": "instance", "dropout": 0.0}},
        "optim": {"lr": 0.001},
        "train": {"amp": "off", "batch_size": 4, "max_steps": 8},
    }
    alone, halting = start(**sections), start(**sections)
    train(alone)
    halting.request("pause")
    _, events = torchrun(workspace, tmp_path, "--resume", halting.name)
    assert (events[-1]["event"], events[-1]["state"], events[-1]["step"]) == ("done", "paused", 1)
    torchrun(workspace, tmp_path, "--resume", halting.name)
    assert halting.status.state == "done"
    assert largest_difference(alone, halting) <= CLOSE
