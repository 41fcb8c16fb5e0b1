"""The process of a training: signals, kill -9, and weights that cannot be had."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.checkpoints import WEIGHTS, read_checkpoint
from core.errors import JobFailedError
from core.inference.device import DeviceError
from core.training.process import run_training
from core.training.runs.run_folder import RunFolder
from core.training.start import TrainingRefusedError
from core.workspace import PROJECT, Cohort, Workspace
from tests import narrow
from tests.core.training.conftest import Start, Train

LONGER = {"max_steps": 60, "checkpoint_every_steps": 4, "validate_every_steps": 60, "batch_size": 2}


def weights(run: RunFolder) -> bytes:
    last = run.pointed("last")
    assert last is not None
    return (last / WEIGHTS).read_bytes()


def measured(run: RunFolder) -> list[dict[str, Any]]:
    """What a run has measured, but for how long it took."""
    return [{name: value for name, value in record.items() if name != "slices_per_s"} for record in run.metrics()]


def test_sigterm_checkpoints_and_pauses_at_the_next_step(start: Start, train: Train) -> None:
    straight, run = start(), start()
    train(straight)

    def terminate(event: dict[str, Any]) -> None:
        if (event["event"], event["step"]) == ("step", 2):
            os.kill(os.getpid(), signal.SIGTERM)

    events = train(run, terminate)
    assert (events[-1]["event"], events[-1]["state"], events[-1]["step"]) == ("done", "paused", 2)
    assert run.status.state == "paused"
    train(run)
    assert weights(run) == weights(straight)


def test_a_second_interrupt_ends_the_training_at_once(start: Start, train: Train) -> None:
    run = start()

    def twice(event: dict[str, Any]) -> None:
        if (event["event"], event["step"]) == ("step", 2):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(run, twice)
    assert (run.status.state, run.status.message) == ("failed", "interrupted")


def test_after_kill_9_the_run_reads_as_failed_and_resumes_to_the_same_weights(
    workspace: Workspace, small: Cohort, start: Start, train: Train, tmp_path: Path
) -> None:
    """Started as a user starts it, killed as a machine kills it, resumed in this process."""
    straight = start(train=LONGER)
    train(straight)
    command = [sys.executable, "-m", "core", "train", str(narrow.recipe_file(tmp_path / "r.yaml", train=LONGER))]
    process = subprocess.Popen(
        [*command, "--cohort", "small", "--device", "cpu"],
        cwd=PROJECT,
        env=os.environ | {"SEGSCOPE_WORKSPACE": str(workspace.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as stdout:
        if sys.platform == "linux":  # the process can run ahead of us by a page of events, not to its end
            fcntl.fcntl(stdout, fcntl.F_SETPIPE_SZ, 4096)
        events = (json.loads(line) for line in stdout)
        killed = next(event for event in events if event["event"] == "step" and event["step"] == 6)
        process.kill()
    assert process.wait() == -signal.SIGKILL
    run = RunFolder(workspace.run_folder(killed["run"]))
    assert killed["of"] == 60
    status = run.status
    assert (status.state, status.step < 60) == ("failed", True)
    assert status.message == "the process ended without a word (killed, or the machine restarted); resume to go on"
    resumed = train(run)
    assert resumed[0]["step"] > 4, "from a checkpoint, not from the start"
    assert resumed[-1]["state"] == "done"
    assert weights(run) == weights(straight)
    assert measured(run) == measured(straight)


@pytest.mark.slow
def test_encoder_weights_that_are_nowhere_end_with_exit_code_3_and_the_file_to_supply(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    recipe = narrow.recipe_file(tmp_path / "r.yaml")
    missing = tmp_path / "resnet18.pth"
    done = subprocess.run(
        [sys.executable, "-m", "core", "train", str(recipe), "--device", "cpu", "--set", "model.name=smp_unet",
         "--set", "model.arguments={encoder: resnet18}", "--set", f"model.encoder_weights={missing}"],
        cwd=PROJECT,
        env=os.environ | {"SEGSCOPE_WORKSPACE": str(workspace.root)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert f"error: no weights file at {missing}; supply a file with --set model.encoder_weights=PATH" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    (name,) = workspace.run_names()
    assert RunFolder(workspace.runs / name).status.state == "failed"


def test_device_and_precision_are_kept_when_a_run_resumes(workspace: Workspace, start: Start, train: Train) -> None:
    run = start(train={"max_steps": 2})

    def stop(event: dict[str, Any]) -> None:
        run.request("pause")

    train(run, stop)
    status = run.status
    other = not status.compute["bf16"]
    status.compute["bf16"] = other
    run.write_status(status)
    run_training(workspace, run, "auto", lambda _event: None)
    assert run.status.compute == {**status.compute, "device": "cpu", "bf16": other}


def test_a_device_that_is_not_here_is_refused_with_those_that_are(workspace: Workspace, start: Start) -> None:
    run = start()
    with pytest.raises(DeviceError, match=r"no device 'cuda:7' on this machine; here: auto, .*cpu"):
        run_training(workspace, run, "cuda:7", lambda _event: None)
    assert run.status.state == "failed"


def test_a_run_whose_device_has_gone_says_so_when_it_resumes(workspace: Workspace, start: Start) -> None:
    run = start()
    status = run.status
    status.compute = {"device": "cuda:7", "bf16": True, "channels_last": True}
    run.write_status(status)
    with pytest.raises(DeviceError, match="no device 'cuda:7'"):
        run_training(workspace, run, "auto", lambda _event: None)


def test_a_card_holds_no_path_where_the_weights_of_its_encoder_came_from(
    start: Start, train: Train, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import save_file
    from segmentation_models_pytorch.encoders import get_encoder

    torch.manual_seed(0)
    path = tmp_path / "secret" / "own.safetensors"
    path.parent.mkdir()
    save_file(get_encoder("resnet18", weights=None).state_dict(), path)
    net = {"name": "smp_unet", "encoder_weights": str(path), "arguments": {"encoder": "resnet18"}}
    run = start(model=net, train={"max_steps": 1, "batch_size": 2})
    train(run)
    last = run.pointed("last")
    assert last is not None
    assert "secret" not in (last / "card.json").read_text()
    facts = read_checkpoint(last).card.encoder_weights
    assert facts is not None
    assert facts["source"] == "file own.safetensors"
    assert read_checkpoint(last).card.recipe["model"]["encoder_weights"] == "file own.safetensors"


def test_a_run_keeps_in_what_it_was_trained_and_no_name_of_host_or_person(start: Start, train: Train) -> None:
    import getpass
    import platform

    import torch

    run = start(train={"max_steps": 1, "seed": 7})
    train(run)
    text = (run.folder / "environment.json").read_text()
    (only,) = json.loads(text)["starts"]
    kept = only["environment"]
    assert (only["step"], kept["seed"]) == (0, 7)
    assert torch.__version__.startswith(kept["libraries"]["torch"])
    assert kept["processor"]["threads"] == torch.get_num_threads()
    assert kept["device"]["name"] == "cpu"
    for private in (platform.node(), str(run.folder), str(Path.home()), getpass.getuser()):
        assert f'"{private}' not in text
    train(run)
    assert len(json.loads((run.folder / "environment.json").read_text())["starts"]) == 1


def test_another_machine_is_written_down_when_a_run_resumes(start: Start, train: Train) -> None:
    run = start(train={"max_steps": 4, "checkpoint_every_steps": 2})

    def pause(event: dict[str, Any]) -> None:
        if (event["event"], event["step"]) == ("step", 2):
            run.request("pause")

    train(run, pause)
    path = run.folder / "environment.json"
    document = json.loads(path.read_text())
    document["starts"][0]["environment"]["processor"]["flags"] = ["an older one"]
    path.write_text(json.dumps(document))
    train(run)
    assert [entry["step"] for entry in json.loads(path.read_text())["starts"]] == [0, 2]
    assert "the machine or a library is not what it was" in (run.folder / "log.txt").read_text()


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_case_deleted_in_mid_run_is_named_and_the_run_goes_on_after_an_import(
    workspace: Workspace, start: Start, train: Train, workers: int
) -> None:
    """What is open stays readable on this system: a run may end well, and says which case is gone when it resumes."""
    straight = start()
    train(straight)
    run = start(train={"workers": workers})
    gone = workspace.store_folder("small", run.split["train"][0])
    aside = gone.with_name("aside")

    def delete(event: dict[str, Any]) -> None:
        if (event["event"], event["step"]) == ("step", 3):
            gone.rename(aside)
            run.request("pause")

    train(run, delete)
    with pytest.raises(TrainingRefusedError, match=f"{gone.name} is not in the slice store any more; import small"):
        train(run)
    assert run.status.state == "failed"
    aside.rename(gone)
    train(run)
    assert weights(run) == weights(straight)


def test_a_file_that_is_gone_from_the_store_is_named_by_its_case(
    workspace: Workspace, start: Start, train: Train
) -> None:
    run = start()
    gone = workspace.store_folder("small", run.split["validation"][0])
    (gone / "axial.npy").rename(gone / "aside")
    sentence = f"{gone.name} has left the slice store (axial.npy: No such file or directory); import small again"
    with pytest.raises(JobFailedError, match=re.escape(sentence)):
        train(run)
    assert (run.status.state, run.status.message) == ("failed", f"{sentence} and resume")
    assert str(workspace.root) not in (run.folder / "log.txt").read_text()
    (gone / "aside").rename(gone / "axial.npy")
    assert train(run)[-1]["state"] == "done"
