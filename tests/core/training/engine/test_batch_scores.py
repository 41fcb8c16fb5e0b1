"""Scores of a training step, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.checkpoints import InferenceSpec
from core.inference.prediction import region_bits
from core.training.engine.batch_scores import EpochMeans, PixelCounter
from tests import narrow

TWO = narrow.spec(regions=("WT", "ET"), thresholds=(128, 128))
CLASSES = narrow.spec(regions=("WT", "ET"), thresholds=(128, 128), target="classes", class_bits=(0, 1, 3))


def test_counts_are_pooled_over_the_batch_and_a_region_without_reference_has_no_score() -> None:
    """WT: 2 of 3 predicted pixels are right, 4 in the reference: Dice 4/7, IoU 2/5. ET: nowhere, predicted once.

    Of 16 decisions the wrong ones are: WT 1 too many and 2 missed, ET 1 too many: 12 right.
    """
    logits = torch.full((2, 2, 2, 2), -1.0)
    targets = torch.zeros(2, 2, 2, 2)
    targets[0, 0] = 1
    logits[0, 0, 0] = 1.0
    logits[1, 0, 0, 0] = 1.0
    logits[1, 1, 1, 1] = 1.0
    counter = PixelCounter(TWO, "cpu")
    scores = counter.scores(counter.count(logits, targets).tolist())
    assert scores.dice == {"WT": pytest.approx(4 / 7), "ET": None}
    assert scores.iou == {"WT": pytest.approx(2 / 5), "ET": None}
    assert scores.accuracy == 12 / 16


def test_exclusive_classes_count_in_the_regions_that_they_belong_to() -> None:
    """Class 1 is WT only, class 2 WT and ET. Truth 0 1 2 2, predicted 0 2 2 1: WT whole; ET 1 of 2 and 1 of 2."""
    targets = torch.nn.functional.one_hot(torch.tensor([[[0, 1, 2, 2]]]), 3).permute(0, 3, 1, 2).float()
    logits = torch.nn.functional.one_hot(torch.tensor([[[0, 2, 2, 1]]]), 3).permute(0, 3, 1, 2).float()
    counter = PixelCounter(CLASSES, "cpu")
    scores = counter.scores(counter.count(logits, targets).tolist())
    assert scores.dice == {"WT": 1.0, "ET": 0.5}
    assert scores.iou == {"WT": 1.0, "ET": pytest.approx(1 / 3)}
    assert scores.accuracy == 0.5


@pytest.mark.parametrize("threshold", [1, 90, 128, 255])
def test_a_pixel_counts_where_its_probability_as_it_is_saved_reaches_the_threshold(threshold: int) -> None:
    spec: InferenceSpec = narrow.spec(regions=("WT",), thresholds=(threshold,))
    logits = torch.linspace(-9, 9, 4001).reshape(1, 1, 1, -1)
    quantised = torch.floor(torch.sigmoid(logits) * 255 + 0.5).to(torch.uint8).numpy()
    expected = np.count_nonzero(region_bits(quantised[0], spec.thresholds))
    counts = PixelCounter(spec, "cpu").count(logits, torch.zeros_like(logits)).tolist()
    assert abs(counts[1] - expected) <= 1, "at most the one pixel on the bound"


def test_a_probability_of_one_half_is_in_the_region() -> None:
    """127.5 + 0.5 = 128."""
    counter = PixelCounter(narrow.spec(regions=("WT",), thresholds=(128,)), "cpu")
    assert counter.count(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)).tolist() == [1, 1, 1, 1, 1]


def test_means_leave_out_what_a_step_could_not_score_and_bear_lines_of_older_runs() -> None:
    means = EpochMeans()
    means.add({"kind": "step", "loss": 2.0, "dice": {"WT": 0.5}, "iou": {"WT": 0.25}, "accuracy": 0.9})
    means.add({"kind": "step", "loss": 1.0, "dice": {"WT": None}, "iou": {"WT": None}, "accuracy": 0.7})
    means.add({"kind": "step", "loss": 0.0})
    assert means.loss == 1.0
    assert means.scores == {"dice": {"WT": 0.5}, "iou": {"WT": 0.25}, "accuracy": pytest.approx(0.8)}
    means.clear()
    assert (means.loss, means.scores) == (None, {"dice": {}, "iou": {}, "accuracy": None})
