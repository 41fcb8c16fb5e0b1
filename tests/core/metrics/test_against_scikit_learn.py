"""Whatever counts voxels is scikit-learn's, on 200 random and thirty nasty pairs of masks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, precision_score, recall_score

from core.metrics import METRICS
from core.metrics.empty_masks import POLICIES, score
from core.metrics.pair import RegionPair, compare_regions
from tests.core.metrics.masks import pair
from tests.core.metrics.pairs import AT_ONCE, Mask, Shape, every_nasty_pair, every_shape, random_cases, region

Flat = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def specificity_score(reference: Flat, prediction: Flat) -> float:
    """The recall of the background."""
    return float(recall_score(reference, prediction, pos_label=0))


THEIRS: dict[str, Callable[[Flat, Flat], float]] = {
    "dice": f1_score,
    "iou": jaccard_score,
    "precision": precision_score,
    "recall": recall_score,
    "accuracy": accuracy_score,
    "specificity": specificity_score,
}


def assert_agree(ours: RegionPair, prediction: Mask, reference: Mask) -> None:
    for name, theirs in THEIRS.items():
        if name == "specificity" and reference.all():
            assert score(METRICS[name], ours, POLICIES["leave-out"]).reason is not None
        else:
            expected = theirs(reference.reshape(-1), prediction.reshape(-1))
            assert METRICS[name].function(ours) == pytest.approx(expected, rel=1e-12), name


@every_shape
def test_random_pairs(shape: Shape) -> None:
    for prediction, reference, _ in random_cases(shape):
        pairs = compare_regions(prediction, reference, AT_ONCE, None)
        for number, ours in enumerate(pairs):
            assert_agree(ours, region(prediction, number), region(reference, number))


@every_nasty_pair
def test_nasty_pairs(prediction: Mask, reference: Mask) -> None:
    assert_agree(pair(prediction.astype(np.uint8), reference.astype(np.uint8)), prediction, reference)
