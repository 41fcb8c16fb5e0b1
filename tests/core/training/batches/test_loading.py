"""Batches are the same whoever makes them, come in order, and a loader that dies says so."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.data.augment import Augmenter, augment_settings
from core.data.store import SlicedCase, open_case
from core.recipe import DataSection
from core.training.batches.loading import LoaderFailedError, batches
from core.training.batches.sampling import Batch, SliceSampler
from core.workspace import PROJECT, Cohort, Workspace
from tests.cases import case_id

STEPS = range(3, 9)

ORPHANED = """
import sys
from pathlib import Path
import psutil
from core.data.augment import Augmenter, augment_settings
from core.data.store import open_case
from core.recipe import DataSection
from core.training.batches.loading import batches
from core.training.batches.sampling import SliceSampler

if __name__ == "__main__":
    data = DataSection.model_validate({"input_size": None})
    sampler = SliceSampler([open_case(Path(sys.argv[1]), "axial")], data, 3, 4, Augmenter(augment_settings("none")), 0)
    for step, _ in batches(sampler, range(1, 10**9), 2, workers=2):
        if step == 5:
            print(*(child.pid for child in psutil.Process().children()), flush=True)
"""


@pytest.fixture
def cases(workspace: Workspace, small: Cohort) -> list[SlicedCase]:
    return [open_case(workspace.store_folder("small", case_id(n)), "axial") for n in (1, 2)]


def sampler(cases: Sequence[SlicedCase], preset: str = "none", neighbours: int = 0) -> SliceSampler:
    data = DataSection.model_validate({"input_size": None, "neighbours": neighbours})
    return SliceSampler(cases, data, 3, 4, Augmenter(augment_settings(preset)), 0)


def content(batch: Batch) -> bytes:
    return batch.images.tobytes() + batch.targets.tobytes()


def loaders() -> list[psutil.Process]:
    """The loader processes of this one; Python's own helper is none."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # other tests' children, ended and not yet reaped
            found += [child] if "spawn_main" in " ".join(child.cmdline()) else []
    return found


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_the_samplers_own_in_order_whoever_makes_them(cases: list[SlicedCase], workers: int) -> None:
    """With augmentation and neighbours, two batches a step, as gradients are accumulated."""
    made = sampler(cases, "strong", neighbours=1)
    found = [
        (step, [content(batch) for batch in parts])
        for step, parts in batches(made, STEPS, 3, firsts=(0, 3), workers=workers)
    ]
    assert found == [(step, [content(made.batch(step, 3, first)) for first in (0, 3)]) for step in STEPS]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_steps_arrays_hold_until_the_next_step_but_one_is_asked_for(cases: list[SlicedCase], workers: int) -> None:
    made = sampler(cases)
    coming = batches(made, STEPS, 2, firsts=(0, 2), workers=workers)
    _, before = next(coming)
    for step, parts in coming:
        time.sleep(0.05)  # for whoever would write over them
        assert [content(batch) for batch in before] == [content(made.batch(step - 1, 2, first)) for first in (0, 2)]
        before = parts


def test_pixels_do_not_travel_only_their_address_does(cases: list[SlicedCase]) -> None:
    from multiprocessing.reduction import ForkingPickler

    sent = bytes(ForkingPickler.dumps(sampler(cases)))
    assert len(sent) < 0.2 * sum(case.slices.nbytes for case in cases)
    again: SliceSampler = ForkingPickler.loads(sent)
    assert content(again.batch(4, 3)) == content(sampler(cases).batch(4, 3))


def test_a_loader_that_is_killed_is_named_and_the_others_go(cases: list[SlicedCase]) -> None:
    coming = batches(sampler(cases), range(1, 10**6), 2, workers=2)
    next(coming)
    victim = loaders()[1]
    os.kill(victim.pid, signal.SIGKILL)
    with pytest.raises(LoaderFailedError) as failed:
        for _ in coming:
            pass
    assert str(failed.value) == (
        "loader 2 of 2 was killed (SIGKILL), most likely because the machine ran out of memory; "
        "resume the run, with fewer train.workers if it happens again"
    )
    assert loaders() == []


def test_a_case_that_is_gone_is_a_sentence(cases: list[SlicedCase], workspace: Workspace) -> None:
    made = sampler(cases)
    shutil.rmtree(workspace.store_folder("small", case_id(1)))
    with pytest.raises(LoaderFailedError, match=rf"{case_id(1)} has left the slice store .*; import its cohort"):
        next(batches(made, STEPS, 2, workers=1))
    assert loaders() == []


def test_who_stops_early_leaves_no_process_behind(cases: list[SlicedCase]) -> None:
    for step, _ in batches(sampler(cases), range(1, 10**6), 2, workers=2):
        if step == 2:
            assert len(loaders()) == 2
            break
    assert loaders() == []


def test_what_interrupts_the_trainer_does_not_kill_its_loaders(cases: list[SlicedCase]) -> None:
    """Ctrl-C and a batch system's SIGTERM reach the whole group: the trainer still has a step to finish."""
    coming = batches(sampler(cases), range(1, 20), 2, workers=1)
    next(coming)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(loaders()[0].pid, number)
    assert [step for step, _ in coming] == list(range(2, 20))


def test_loaders_die_with_a_trainer_that_was_killed(cases: list[SlicedCase], tmp_path: Path) -> None:
    script = tmp_path / "trainer.py"
    script.write_text(ORPHANED)
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        [sys.executable, str(script), str(cases[0].folder)], stdout=subprocess.PIPE, text=True, env=environment
    ) as trainer:
        assert trainer.stdout is not None
        children = [int(pid) for pid in trainer.stdout.readline().split()]
        assert len(children) >= 2
        trainer.kill()
    ending = time.monotonic() + 20
    while any(psutil.pid_exists(pid) and _lives(pid) for pid in children):
        assert time.monotonic() < ending, "a loader outlived its trainer"
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_without_augmentation_a_batch_is_more_than_zeros(cases: list[SlicedCase]) -> None:
    _, (batch,) = next(batches(sampler(cases), STEPS, 4, workers=1))
    assert batch.images.shape == (4, 4, 24, 20)
    assert np.count_nonzero(batch.images) > 0.2 * batch.images.size
