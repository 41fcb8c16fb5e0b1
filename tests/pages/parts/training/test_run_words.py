"""What is said about a run: how far, how fast, how long still."""

from __future__ import annotations

import pytest

from core.jobs.machine import Use
from core.training.runs.run_folder import Status
from pages.parts.training.run_words import place_words, progress_words, run_title, scientific, span, use_words


def test_a_running_run_says_where_it_is_how_fast_and_for_how_long() -> None:
    status = Status(
        "unet-0001",
        state="running",
        step=892,
        total_steps=1900,
        steps_per_epoch=65,
        slices_per_s=18.42,
        learning_rate=6.1e-4,
        eta_s=355,
    )
    assert progress_words(status, 12) == (
        "epoch 14 of 30 · step 892 of 1,900 · 18.4 slices/s · learning rate 6.1e-4 · 6 min left"
    )


def test_an_epoch_that_is_complete_is_not_one_more_than_there_are() -> None:
    status = Status("unet-0001", state="done", step=130, total_steps=130, steps_per_epoch=65, parameters=5_600_000)
    assert progress_words(status, 8) == "done · epoch 2 of 2 · step 130 of 130 · batches of 8 · 5.6 M parameters"


def test_a_run_shorter_than_an_epoch_counts_its_steps_only() -> None:
    status = Status("unet-0001", state="paused", step=3, total_steps=10, steps_per_epoch=65)
    assert progress_words(status, 8) == "paused · step 3 of 10 · batches of 8"


def test_before_the_first_step_it_says_so() -> None:
    assert progress_words(Status("unet-0001"), 8).startswith("starting")
    assert progress_words(Status("unet-0001", state="failed"), 8) == "failed before the first step"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")]
)
def test_durations_have_their_natural_unit(seconds: float, said: str) -> None:
    assert span(seconds) == said


@pytest.mark.parametrize(("rate", "said"), [(6.1e-4, "6.1e-4"), (1e-3, "1e-3"), (0.0, "0"), (2.5, "2.5e0")])
def test_learning_rates_are_written_short(rate: float, said: str) -> None:
    assert scientific(rate) == said


def test_two_runs_of_one_recipe_have_two_titles() -> None:
    assert run_title("U-Net", "brats-unet-0412") == "U-Net · 0412"


@pytest.mark.parametrize(
    ("place", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd")]
)
def test_a_run_that_waits_says_its_place(place: int, said: str) -> None:
    assert place_words(place) == f"waiting ({said})"
    waiting = Status("unet-0001", device="cuda:0")
    assert progress_words(waiting, 8, position=place) == f"waiting ({said}) for cuda:0"


def test_a_run_that_has_been_silent_for_long_says_so() -> None:
    status = Status("unet-0001", state="running", step=5, total_steps=10, heartbeat=1000.0)
    assert progress_words(status, 8, now=1020.0) == "step 5 of 10"
    assert progress_words(status, 8, now=1045.0) == "step 5 of 10 · no word for 45 s"


def test_use_is_said_in_cores_and_bytes() -> None:
    assert use_words(None) == ""
    assert use_words(Use(None, 1_200_000_000)) == "1.2 GB memory"
    assert use_words(Use(1.87, 1_200_000_000)) == "CPU 187 % · 1.2 GB memory"
    assert use_words(Use(0.5, 10**9, 0.93, 4 * 10**9)) == "CPU 50 % · 1.0 GB memory · GPU 93 %, 4.0 GB on it"
