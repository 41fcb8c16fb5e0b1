"""A run's curves: read as they grow, thinned without moving, and put into words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.training.curves import CurveReader, ValidationPoint, in_words, smoothed, thinned


def write(path: Path, *records: dict[str, Any], end: str = "\n") -> None:
    with path.open("a") as stream:
        stream.write("\n".join(json.dumps(record) for record in records) + end)


def step(number: int, loss: float = 1.0) -> dict[str, Any]:
    return {"kind": "step", "step": number, "loss": loss, "lr": 0.001}


def validation(number: int, **dice: float | None) -> dict[str, Any]:
    return {"kind": "validation", "step": number, "epoch": 1, "loss": 1.0, "validation_loss": 0.5, "dice": dice}


def point(number: int, **dice: float | None) -> ValidationPoint:
    return ValidationPoint(number, 0.5, dict(dice))


def test_a_run_that_has_measured_nothing_has_empty_curves(tmp_path: Path) -> None:
    curves = CurveReader(tmp_path / "metrics.jsonl").read()
    assert curves.steps.size == curves.losses.size == len(curves.validations) == 0
    assert curves.best is None


def test_what_is_added_between_two_reads_is_added_to_the_curves(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    reader = CurveReader(path)
    write(path, step(1, 0.9), step(2, 0.8))
    assert reader.read().losses.tolist() == [0.9, 0.8]
    write(path, step(3, 0.7), validation(3, WT=0.6, TC=None))
    curves = reader.read()
    assert curves.steps.tolist() == [1, 2, 3]
    assert curves.validations == (ValidationPoint(3, 0.5, {"WT": 0.6, "TC": None}),)


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    reader = CurveReader(path)
    line = json.dumps(step(2, 0.25))
    write(path, step(1))
    with path.open("a") as stream:
        stream.write(line[:15])
    assert reader.read().steps.tolist() == [1]
    with path.open("a") as stream:
        stream.write(line[15:] + "\n")
    assert reader.read().losses.tolist() == [1.0, 0.25]


def test_steps_that_a_resumed_run_has_cut_off_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    reader = CurveReader(path)
    write(path, *(step(number) for number in range(1, 9)))
    assert reader.read().steps.size == 8
    write(tmp_path / "cut", *(step(number, 2.0) for number in range(1, 5)))
    (tmp_path / "cut").replace(path)
    write(path, *(step(number, 3.0) for number in range(5, 11)))  # longer than before it was cut
    curves = reader.read()
    assert curves.steps.tolist() == list(range(1, 11))
    assert curves.losses.tolist() == [2.0] * 4 + [3.0] * 6


def test_thinning_averages_stretches_of_equal_length() -> None:
    steps, values = thinned(np.arange(1, 8), np.array([1.0, 3, 5, 7, 9, 11, 13]), total=8, most=4)
    assert steps.tolist() == [1.5, 3.5, 5.5, 7.0]
    assert values.tolist() == [2.0, 6.0, 10.0, 13.0]


def test_points_that_are_drawn_stay_where_they_are_while_the_curve_grows() -> None:
    loss = np.random.default_rng(0).random(1000)
    early = thinned(np.arange(1, 501), loss[:500], total=1000, most=300)
    late = thinned(np.arange(1, 1001), loss, total=1000, most=300)
    whole = len(early[0]) - 1  # the last stretch may still be filling
    assert whole > 100
    assert len(late[0]) <= 300
    np.testing.assert_array_equal(early[1][:whole], late[1][:whole])


def test_a_curve_that_outgrew_its_expected_length_is_thinned_all_the_same() -> None:
    assert len(thinned(np.arange(1, 101), np.zeros(100), total=10, most=10)[0]) == 10


def test_smoothing_averages_each_value_with_those_before_it() -> None:
    assert smoothed(np.array([2.0, 4.0, 6.0, 8.0]), window=2).tolist() == [2.0, 3.0, 5.0, 7.0]
    assert smoothed(np.zeros(0), window=5).size == 0


def test_a_region_that_no_patient_has_is_left_out_of_the_mean() -> None:
    assert point(1, WT=0.8, TC=0.6, ET=None).score == pytest.approx(0.7)
    assert point(1, ET=None).score == 0.0


def test_the_words_name_the_best_validation_and_when_it_was_nearly_reached() -> None:
    points = [point(100, WT=0.5), point(200, WT=0.78), point(300, WT=0.8)]
    assert in_words(points) == "Best so far: step 300 (mean Dice 0.80). 95 % of it was reached at step 200."


def test_the_words_say_when_nothing_has_got_better_for_a_while() -> None:
    points = [point(1000, WT=0.8), *(point(1000 + number, WT=0.5) for number in (1, 2, 3))]
    assert in_words(points) == "Best so far: step 1,000 (mean Dice 0.80). No better in the 3 validations since."


def test_the_words_say_which_region_cannot_be_scored() -> None:
    said = in_words([point(10, WT=0.8, TC=None, ET=None)])
    assert said.endswith("TC and ET cannot be scored: no validation patient has any.")
    assert in_words([]) == "No validation yet."
