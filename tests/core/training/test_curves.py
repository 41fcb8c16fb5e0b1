"""A run's curves: read as they grow, thinned without moving, and put into words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.training.curve_words import in_words, overfitting_since
from core.training.curves import CurveReader, Curves, Note, ValidationPoint, smoothed, thinned


def write(path: Path, *records: dict[str, Any], end: str = "\n") -> None:
    with path.open("a") as stream:
        stream.write("\n".join(json.dumps(record) for record in records) + end)


def step(number: int, loss: float = 1.0) -> dict[str, Any]:
    return {"kind": "step", "step": number, "loss": loss, "lr": 0.001}


def validation(number: int, **dice: float | None) -> dict[str, Any]:
    return {"kind": "validation", "step": number, "epoch": 1, "loss": 1.0, "validation_loss": 0.5, "dice": dice}


def point(number: int, **dice: float | None) -> ValidationPoint:
    return ValidationPoint(number, 0.5, dict(dice))


def losses(validation: Sequence[float], training: Sequence[float]) -> list[ValidationPoint]:
    """Validations at the steps 10, 20, ... with a Dice of 0.5."""
    pairs = enumerate(zip(validation, training, strict=True), start=1)
    return [ValidationPoint(10 * number, v, {"WT": 0.5}, training_loss=t) for number, (v, t) in pairs]


def curves(points: Sequence[ValidationPoint]) -> Curves:
    return Curves(np.zeros(0, np.int64), np.zeros(0), tuple(points))


def test_a_run_that_has_measured_nothing_has_empty_curves(tmp_path: Path) -> None:
    found = CurveReader(tmp_path / "metrics.jsonl").read()
    assert found.steps.size == found.losses.size == len(found.validations) == 0
    assert found.best is None


def test_what_is_added_between_two_reads_is_added_to_the_curves(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    reader = CurveReader(path)
    write(path, step(1, 0.9), step(2, 0.8))
    assert reader.read().losses.tolist() == [0.9, 0.8]
    write(path, step(3, 0.7), validation(3, WT=0.6, TC=None))
    found = reader.read()
    assert found.steps.tolist() == [1, 2, 3]
    assert found.validations == (ValidationPoint(3, 0.5, {"WT": 0.6, "TC": None}, training_loss=1.0),)


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
    found = reader.read()
    assert found.steps.tolist() == list(range(1, 11))
    assert found.losses.tolist() == [2.0] * 4 + [3.0] * 6


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


def test_what_newer_runs_measure_is_read_and_older_lines_leave_gaps(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    newer = {"dice": {"WT": 0.5, "ET": None}, "iou": {"WT": 0.4, "ET": None}, "accuracy": 0.9}
    write(path, {"kind": "step", "step": 1, "loss": 1.0}, step(2) | newer)
    scores = {"dice": {"WT": 0.7}, "iou": {"WT": 0.6}, "accuracy": 0.95}
    write(path, validation(2, WT=0.6) | {"iou": {"WT": 0.5}, "training": scores, "slices_per_s": 12.5, "accuracy": 0.8})
    write(
        path, {"kind": "note", "step": 2, "what": "oom", "sentence": "the batch was halved"}, {"kind": "new", "step": 2}
    )
    found = CurveReader(path).read()
    nan = np.nan
    np.testing.assert_array_equal(found.rates, [nan, 0.001])
    np.testing.assert_array_equal(found.accuracies, [nan, 0.9])
    np.testing.assert_array_equal(found.dice["WT"], [nan, 0.5])
    np.testing.assert_array_equal(found.dice["ET"], [nan, nan])
    np.testing.assert_array_equal(found.iou["WT"], [nan, 0.4])
    (only,) = found.validations
    assert (only.iou, only.accuracy, only.training_score, only.slices_per_s) == ({"WT": 0.5}, 0.8, 0.7, 12.5)
    assert found.notes == (Note(2, "oom", "the batch was halved"),)


def test_a_value_that_is_missing_counts_for_nothing() -> None:
    values = np.array([np.nan, 2.0, np.nan, 4.0])
    assert thinned(np.arange(1, 5), values, total=4, most=2)[1].tolist() == [2.0, 4.0]
    np.testing.assert_array_equal(smoothed(values, window=2), [np.nan, 2.0, 2.0, 4.0])


def test_the_words_name_the_best_validation_and_when_it_was_nearly_reached() -> None:
    said = in_words(curves([point(100, WT=0.5), point(200, WT=0.78), point(300, WT=0.8)]))
    assert said == "Best so far: step 300, mean Dice 0.80. 95 % of the best was reached at step 200."


def test_validations_at_the_ends_of_epochs_are_called_by_their_epoch() -> None:
    points = [point(50, WT=0.5), point(100, WT=0.8), point(130, WT=0.7)]
    assert in_words(curves(points), 50, is_over=True).startswith("Best: epoch 2, mean Dice 0.80.")
    assert in_words(curves(points), 40).startswith("Best so far: step 100, mean Dice 0.80.")


def test_the_words_say_when_nothing_has_got_better_for_a_while() -> None:
    points = [point(1000, WT=0.8), *(point(1000 + number, WT=0.5) for number in (1, 2, 3))]
    assert in_words(curves(points)) == "Best so far: step 1,000, mean Dice 0.80. No better in the 3 validations since."


def test_the_words_say_how_far_training_and_validation_are_apart() -> None:
    best = ValidationPoint(10, 0.5, {"WT": 0.7, "TC": 0.5}, training={"dice": {"WT": 0.8, "TC": 0.66, "ET": None}})
    assert "Training batches reach 0.73 there, 0.13 more." in in_words(curves([best]))


def test_the_words_say_which_region_cannot_be_scored() -> None:
    said = in_words(curves([point(10, WT=0.8, TC=None, ET=None)]))
    assert said.endswith("TC and ET cannot be scored: no validation patient has any.")
    assert in_words(curves([])) == "No validation yet."


def test_overfitting_begins_where_validation_turns_up_while_training_goes_down() -> None:
    points = losses([0.9, 0.6, 0.62, 0.64, 0.7], [0.8, 0.5, 0.4, 0.35, 0.3])
    since = overfitting_since(points)
    assert since is not None
    assert since.step == 20
    assert "Overfitting since epoch 2: validation loss rises while training loss falls." in in_words(curves(points), 10)


@pytest.mark.parametrize(
    ("validation_losses", "training_losses"),
    [
        ([0.9, 0.6, 0.62, 0.64], [0.8, 0.5, 0.4, 0.3]),  # two validations since the lowest: too early to say
        ([0.9, 0.6, 0.601, 0.602, 0.603], [0.8, 0.5, 0.4, 0.3, 0.2]),  # half a per cent is noise
        ([0.9, 0.6, 0.62, 0.64, 0.7], [0.8, 0.5, 0.52, 0.55, 0.6]),  # both rise: it diverges
        ([0.9, 0.8, 0.7, 0.6, 0.5], [0.8, 0.7, 0.6, 0.5, 0.4]),  # both fall
        ([], []),
    ],
)
def test_overfitting_is_not_said_too_early(validation_losses: list[float], training_losses: list[float]) -> None:
    assert overfitting_since(losses(validation_losses, training_losses)) is None


def test_older_runs_without_a_training_loss_are_not_judged() -> None:
    assert overfitting_since([point(number, WT=0.5) for number in range(10)]) is None
    assert "overfitting" not in in_words(curves([point(number, WT=number / 10) for number in range(1, 9)]))
