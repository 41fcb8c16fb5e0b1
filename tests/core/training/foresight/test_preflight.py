"""What a training will need: the arithmetic by hand, the measurement against torch's own numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.jobs.preflights import foresee_here
from core.training.foresight.preflight import (
    DataFacts,
    Forecast,
    Measured,
    Room,
    data_facts,
    forecast,
    same_network,
    subject_of,
)
from core.training.foresight.probe import KeptBytes, measure
from core.training.start import plan_run
from core.workspace import Cohort, Workspace
from tests import narrow

GB = 10**9
FACTS = DataFacts(train_slices=100, validation_slices=50, shape=(10, 20), uncut_bytes=0)
# a million weights; 20 MB for each slice of a batch; 0.1 s for it
NETWORK = Measured(1_000_000, 4_000_000, 500_000_000, 20_000_000, 1_000_000, 0.1, 0.02)
PLENTY = Room(8 * GB, 8 * GB, 50 * GB)


def test_memory_is_the_process_four_copies_of_the_weights_and_the_batch() -> None:
    found = forecast(narrow.recipe(train={"batch_size": 4}), FACTS, NETWORK, PLENTY)
    assert found.memory_bytes == 500_000_000 + 4 * 4_000_000 + 4 * 20_000_000  # weights, gradients, two moments
    assert found.sentences[0] == ("fine", "1.0 M parameters, 596 MB of 8.0 GB memory")


@pytest.mark.parametrize(("changes", "copies"), [({"name": "sgd"}, 3), ({"name": "adam"}, 4)])
def test_an_optimiser_that_keeps_less_takes_less(changes: dict[str, str], copies: int) -> None:
    found = forecast(narrow.recipe(optim=changes, train={"batch_size": 4}), FACTS, NETWORK, PLENTY)
    assert found.memory_bytes == 500_000_000 + copies * 4_000_000 + 80_000_000


def test_disk_is_two_checkpoints_the_state_to_resume_pictures_and_lines() -> None:
    found = forecast(narrow.recipe(), FACTS, NETWORK, PLENTY)  # 8 steps, a validation every 4
    resume = 4_000_000 + 2 * 4_000_000
    assert found.disk_bytes == 2 * 4_000_000 + resume + 2 * 2 * 10 * 20 + 8 * 400


def test_time_is_steps_and_validations_and_an_earlier_run_knows_better() -> None:
    recipe = narrow.recipe(train={"batch_size": 4})
    assert forecast(recipe, FACTS, NETWORK, PLENTY).seconds == pytest.approx(8 * 4 * 0.1 + 2 * 50 * 0.02)
    faster = replace(PLENTY, slices_per_s=20.0)
    assert forecast(recipe, FACTS, NETWORK, faster).seconds == pytest.approx(8 * 4 / 20 + 2)


def test_accumulated_batches_take_their_time_and_no_memory() -> None:
    once, thrice = (
        forecast(narrow.recipe(train={"batch_size": 4, "accumulate": count}), FACTS, NETWORK, PLENTY)
        for count in (1, 3)
    )
    assert thrice.memory_bytes == once.memory_bytes
    assert thrice.seconds - 2 == pytest.approx(3 * (once.seconds - 2))


def test_a_network_that_cannot_fit_is_refused_and_the_largest_batch_named() -> None:
    found = forecast(narrow.recipe(train={"batch_size": 64}), FACTS, NETWORK, replace(PLENTY, memory_bytes=GB))
    assert found.refused
    # 1 GB less 516 MB, at 20 MB a slice
    assert found.sentences[0] == (
        "refusal", "1.0 M parameters, 1.8 GB of 1.0 GB memory: it cannot fit; a batch of 24 fits",
    )  # fmt: skip


def test_memory_that_others_hold_is_a_warning_because_they_may_let_go() -> None:
    found = forecast(narrow.recipe(), FACTS, NETWORK, replace(PLENTY, free_memory_bytes=GB // 2))
    assert not found.refused
    assert found.sentences[0][0] == "warning"
    assert found.sentences[0][1].endswith("of which 500 MB are free now: it may run out")


def test_a_full_disk_is_refused_before_the_start() -> None:
    found = forecast(narrow.recipe(), FACTS, NETWORK, replace(PLENTY, free_disk_bytes=30_000_000))
    assert found.refused
    # one checkpoint with its state more than what stays, while it is written
    assert found.sentences[1][1] == "about 5 s, 20 MB on disk; needs 36 MB of 30 MB free: make room first"


def test_the_batch_and_the_length_are_no_matter_of_the_measurement(workspace: Workspace, small: Cohort) -> None:
    facts = data_facts(
        workspace, small, plan_run(workspace, narrow.recipe(), small.name, "default", None).fold, "axial"
    )
    one = subject_of(narrow.recipe(), small, facts, "cpu")
    assert subject_of(narrow.recipe(train={"batch_size": 9, "max_steps": 5}), small, facts, "cpu").key == one.key
    assert subject_of(narrow.recipe(loss={"name": "dice"}), small, facts, "cpu").key != one.key
    assert (one.inputs, one.outputs) == (4, 3)
    assert subject_of(narrow.recipe(data={"neighbours": 1}), small, facts, "cpu").inputs == 12


def test_slices_of_a_plane_that_was_never_cut_are_counted_in(workspace: Workspace, small: Cohort) -> None:
    fold = plan_run(workspace, narrow.recipe(), small.name, "default", None).fold
    axial, coronal = (data_facts(workspace, small, fold, plane) for plane in ("axial", "coronal"))
    stored = sum((workspace.store_folder(small.name, case) / "axial.npy").stat().st_size for case in
                 (*fold.train, *fold.validation))  # fmt: skip
    assert (axial.uncut_bytes, coronal.uncut_bytes) == (0, stored)
    assert axial.train_slices == sum(small.cases[case].facts["slices"]["axial"] for case in fold.train)


def test_another_length_is_the_same_network_and_another_batch_is_not() -> None:
    recipe = narrow.recipe()
    assert same_network(recipe, narrow.recipe(train={"max_steps": 3}, optim={"lr": 0.5}))
    assert not same_network(recipe, narrow.recipe(train={"batch_size": 5}))


def test_what_autograd_keeps_is_counted_once_and_without_weights() -> None:
    import torch

    layers = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1, bias=False), torch.nn.ReLU(), torch.nn.Conv2d(2, 1, 1))
    kept = KeptBytes(layers)
    image = torch.rand(2, 1, 8, 8)
    with torch.autograd.graph.saved_tensors_hooks(kept.see, lambda tensor: tensor):
        layers(image)
    # the first convolution keeps its input; the rectifier its output, which is also the second one's input
    assert kept.total == 2 * 8 * 8 * (1 + 2) * 4
    assert kept.largest == 2 * 8 * 8 * 2 * 4


def test_a_measured_network_has_its_own_parameters_and_takes_time(workspace: Workspace, small: Cohort) -> None:
    from core.models import build_model, parameter_count

    fold = plan_run(workspace, narrow.recipe(), small.name, "default", None).fold
    found = measure(subject_of(narrow.recipe(), small, data_facts(workspace, small, fold, "axial"), "cpu"))
    assert found.problem == ""
    assert found.parameters == parameter_count(build_model("unet", 4, 3, narrow.ARGUMENTS))
    assert found.weight_bytes >= 4 * found.parameters
    assert found.slice_bytes > 0
    assert found.step_s > 0


def test_a_device_that_is_not_here_is_a_problem_and_no_crash(workspace: Workspace, small: Cohort) -> None:
    fold = plan_run(workspace, narrow.recipe(), small.name, "default", None).fold
    subject = subject_of(narrow.recipe(), small, data_facts(workspace, small, fold, "axial"), "cuda:77")
    assert "no device 'cuda:77' on this machine" in measure(subject).problem


@pytest.mark.slow
def test_a_child_measures_once_and_the_second_answer_is_there_at_once(workspace: Workspace, small: Cohort) -> None:
    plan = plan_run(workspace, narrow.recipe(), small.name, "default", None)
    first = foresee_here(workspace, narrow.recipe(), plan, "cpu")
    assert isinstance(first, Forecast)
    assert first.sentences[0][1].startswith("0.0 M parameters, ")
    (result,) = [path for path in (workspace.root / "cache" / "preflight").glob("*.json") if "running" not in path.name]
    written = result.stat().st_mtime_ns
    assert isinstance(foresee_here(workspace, narrow.recipe(train={"batch_size": 2}), plan, "cpu"), Forecast)
    assert result.stat().st_mtime_ns == written
