"""Entropy and disagreement worked out by hand, on the grid of the scan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.inference.prediction import Prediction
from core.inference.uncertainty import PassMean, entropy_bytes, mean_prediction, uncertainty_map
from core.volume import Box

QUARTER = 0.8112781244591328  # -1/4 log2 1/4 - 3/4 log2 3/4 = 1/2 + 3/4 (2 - log2 3)


def member(*values: int, class_bits: tuple[int, ...] = (), **changes: Any) -> Prediction:
    channels = len(class_bits) or 1
    probabilities = np.array(values, np.uint8).reshape(channels, -1, 1, 1)
    length = probabilities.shape[1]
    box = Box((1, 0, 0), (1 + length, 1, 1))
    fields: dict[str, Any] = {"thresholds": (128,), "checkpoint_id": "one", "class_bits": class_bits, **changes}
    return Prediction(probabilities, box, (length + 2, 1, 1), ("WT",), **fields)


def test_the_mean_of_members_halves_rounded_up_signed_with_the_ensembles_id() -> None:
    joint = mean_prediction([member(0, 10, 255, 100), member(0, 11, 254, 103)], "both")
    assert joint.probabilities.ravel().tolist() == [0, 11, 255, 102]
    assert (joint.checkpoint_id, joint.box, joint.shape) == ("both", Box((1, 0, 0), (5, 1, 1)), (6, 1, 1))


def test_members_that_contradict_each_other_disagree_by_a_whole_bit_and_unsure_ones_by_none() -> None:
    """p = 0 and 1: the mean's entropy is 1 bit, each member's 0. p = 1/2 twice: both are 1 bit (127.5 is no byte)."""
    joint = mean_prediction([member(0, 0, 128, 204), member(255, 0, 128, 204)], "both")
    assert joint.uncertainty is not None
    assert (joint.uncertainty.opinions, joint.uncertainty.count) == ("members", 2)
    entropy, disagreement = (joint.uncertainty.maps[kind, 0, :, 0, 0].tolist() for kind in (0, 1))
    fifth = -(0.8 * np.log2(0.8) + 0.2 * np.log2(0.2))
    assert entropy == [255, 0, 255, int(255 * fifth + 0.5)]
    assert disagreement == [255, 0, 0, 0]


def test_disagreement_is_the_entropy_of_the_mean_less_the_mean_of_the_entropies() -> None:
    """0.2 and 0.8 about: the mean's entropy is 1 bit, each has 0.7219."""
    joint = mean_prediction([member(51), member(204)], "both")
    assert joint.uncertainty is not None
    each = -(0.8 * np.log2(0.8) + 0.2 * np.log2(0.2))
    assert joint.uncertainty.maps.ravel().tolist() == [255, int(255 * (1 - each) + 0.5)]


def test_exclusive_classes_have_one_map_in_shares_of_the_most_that_k_classes_can_have() -> None:
    """Four classes: all alike is log2 4 = 2 bits, the most. Half and half is 1 bit: half of it. One alone: 0."""
    bits = (0, 1, 2, 4)
    prediction = member(64, 128, 255, 0, 64, 128, 0, 0, 64, 0, 0, 0, 64, 0, 0, 0, class_bits=bits)
    assert entropy_bytes(prediction.probabilities, exclusive=True).ravel().tolist() == [255, 128, 0, 0]
    sure = [member(255, 0, class_bits=(0, 1)), member(0, 255, class_bits=(0, 1))]
    joint = mean_prediction(sure, "both")
    assert joint.uncertainty is not None
    assert joint.uncertainty.maps.shape == (2, 1, 1, 1, 1)
    assert joint.uncertainty.maps.ravel().tolist() == [255, 255]


def test_passes_give_what_members_would() -> None:
    """Three passes over two regions: torch's mean and numpy's of the same bytes."""
    rng = np.random.default_rng(0)
    q = rng.integers(0, 256, (3, 1, 2, 4, 5)).astype(np.uint8)
    mean = PassMean(exclusive=False)
    for each in q:
        mean.add(torch.from_numpy(each.astype(np.float32) / 255))
    predictions = [
        Prediction(each[0][:, None], Box.whole((1, 4, 5)), (1, 4, 5), ("WT", "ET"), (128, 128), "x") for each in q
    ]
    joint = mean_prediction(predictions, "x").uncertainty
    assert joint is not None
    difference = mean.maps()[0].reshape(2, 2, 1, 4, 5).astype(int) - joint.maps
    assert np.abs(difference).max() <= 1, "float32 may round the other way"
    assert np.abs(mean.mean().numpy() - q.mean(axis=0) / 255).max() < 1e-6


def test_a_map_lies_on_the_native_grid_and_comes_back_from_disk(tmp_path: Path) -> None:
    joint = mean_prediction([member(0, 0, 204), member(255, 0, 204)], "both")
    joint.save(tmp_path / "p")
    opened = Prediction.load(tmp_path / "p")
    assert opened.uncertainty is not None
    assert (opened.uncertainty.opinions, opened.uncertainty.count) == ("members", 2)
    found = uncertainty_map(opened, "disagreement", "WT")
    assert found is not None
    assert (found.shape, found.dtype) == ((5, 1, 1), np.uint8)
    assert found.ravel().tolist() == [0, 255, 0, 0, 0]


def test_a_plain_prediction_has_the_entropy_of_its_probabilities_and_no_disagreement(tmp_path: Path) -> None:
    """64 / 255 is a quarter but for a thousandth: its entropy is 0.8127 bits, 207 of 255."""
    member(0, 64, 128, 255).save(tmp_path / "p")
    assert not (tmp_path / "p" / "uncertainty.npy").exists()
    opened = Prediction.load(tmp_path / "p")
    found = uncertainty_map(opened, "entropy", "WT")
    assert found is not None
    assert found.ravel().tolist() == [0, 0, 207, 255, 0, 0]
    assert abs(207 / 255 - QUARTER) < 1 / 255
    assert uncertainty_map(opened, "disagreement", "WT") is None
    with pytest.raises(ValueError, match="not in tuple"):
        uncertainty_map(opened, "entropy", "liver")


def test_without_a_region_the_largest_over_regions_is_shown() -> None:
    probabilities = np.array([128, 0, 0, 128], np.uint8).reshape(2, 2, 1, 1)
    both = Prediction(probabilities, Box.whole((2, 1, 1)), (2, 1, 1), ("WT", "ET"), (128, 128), "x")
    for region, values in ((None, [255, 255]), ("WT", [255, 0]), ("ET", [0, 255])):
        found = uncertainty_map(both, "entropy", region)
        assert found is not None
        assert found.ravel().tolist() == values
