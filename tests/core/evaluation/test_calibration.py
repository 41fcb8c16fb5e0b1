"""Reliability, ECE and Brier: worked out by hand, and against scikit-learn; counts that add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from core.evaluation.calibration import BINS, Reliability, calibrate_case, class_names
from core.inference.prediction import Prediction
from core.volume import Box

BRATS_CLASSES = (0, 1, 3, 7)  # background, oedema, necrosis, enhancing tumour: of WT, TC, ET


def predicted(
    probabilities: npt.NDArray[np.uint8], shape: tuple[int, int, int], *regions: str, **changes: Any
) -> Prediction:
    box = Box((0, 0, 0), probabilities.shape[1:])  # type: ignore[arg-type]
    fields: dict[str, Any] = {"thresholds": (128,) * len(regions), "checkpoint_id": "id", **changes}
    return Prediction(probabilities, box, shape, regions, **fields)


@pytest.mark.parametrize("seed", range(5))
def test_brier_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    q = rng.integers(0, 256, (6, 7, 8)).astype(np.uint8)
    y = rng.random((6, 7, 8)) < (q / 255) ** 2
    assert Reliability.of(q, y).brier == pytest.approx(brier_score_loss(y.ravel(), q.ravel() / 255), abs=1e-12)


def test_the_reliability_curve_is_scikit_learns_where_no_byte_lies_on_an_edge() -> None:
    """Its bins are closed below and ours above, as in Guo et al.; 17 bytes make a bin, so multiples of 17 are edges."""
    rng = np.random.default_rng(0)
    q = rng.integers(0, 256, 4000)
    q = q[q % 17 != 0].astype(np.uint8)
    y = rng.random(q.size) < q / 255
    frequency, confidence = calibration_curve(y, q / 255, n_bins=BINS)
    bins = Reliability.of(q, y).bins()
    assert [each["frequency"] for each in bins] == pytest.approx(frequency.tolist())
    assert [each["confidence"] for each in bins] == pytest.approx(confidence.tolist())


def test_ece_by_hand() -> None:
    """Four voxels at 204/255 = 0.8, of which two are right: |0.8 - 0.5| = 0.3. One at 0 that is right: 0.

    ECE = (4 x 0.3 + 1 x 0) / 5 = 0.24. Brier = (2 x 0.04 + 2 x 0.64) / 5 = 0.272.
    """
    counts = Reliability.of(np.array([204, 204, 204, 204, 0], np.uint8), np.array([1, 1, 0, 0, 0], bool))
    assert counts.ece == pytest.approx(0.24)
    assert counts.brier == pytest.approx(0.272)
    (first, *_, twelfth) = [each for each in counts.bins() if each["n"]]
    assert (first["low"], first["high"], first["n"], first["confidence"], first["frequency"]) == (0, 1 / 15, 1, 0, 0)
    # 0.8 is the upper edge of the twelfth bin, (11/15, 12/15], and belongs to it
    assert (twelfth["low"], twelfth["high"]) == (11 / 15, 12 / 15)
    assert (twelfth["n"], twelfth["frequency"]) == (4, 0.5)
    assert twelfth["confidence"] == pytest.approx(0.8)


def test_errors_within_a_bin_cancel_in_ece_and_not_in_brier() -> None:
    """Bytes 120 to 136 are the bin (7/15, 8/15]; 119 is the upper edge of the one below."""
    counts = Reliability.of(np.array([120, 136], np.uint8), np.array([1, 0], bool))
    assert counts.ece == pytest.approx(abs((120 + 136) / 2 / 255 - 0.5))
    assert counts.brier == pytest.approx(((1 - 120 / 255) ** 2 + (136 / 255) ** 2) / 2)
    assert Reliability.of(np.array([119, 120], np.uint8), np.ones(2, bool)).bins()[6]["n"] == 1


def test_a_cohorts_curve_is_the_sum_of_its_cases() -> None:
    rng = np.random.default_rng(1)
    q = rng.integers(0, 256, (2, 500)).astype(np.uint8)
    y = rng.random((2, 500)) < 0.4
    joint = Reliability.of(q[0], y[0]) + Reliability.of(q[1], y[1])
    whole = Reliability.of(q, y)
    assert (joint.ece, joint.brier, joint.bins()) == (whole.ece, whole.brier, whole.bins())


def test_without_voxels_there_is_no_number_and_a_reason() -> None:
    """A region in neither mask: nothing is near it, and over the box every voxel is sure and right."""
    prediction = predicted(np.zeros((1, 4, 4, 4), np.uint8), (4, 4, 4), "WT")
    document = calibrate_case(prediction, np.zeros((4, 4, 4), np.uint8)).to_json()
    found = document["WT"]
    assert (found["ece"], found["brier"], found["n_voxels"]) == (None, None, 0)
    assert found["reason"] == "no voxel is near the predicted or the reference mask"
    assert [each["n"] for each in found["bins"]] == [0] * 15
    assert found["box"] == {"ece": 0.0, "brier": 0.0, "n_voxels": 64}


def test_near_means_five_voxels_along_each_axis_from_either_mask() -> None:
    """One voxel of reference in the middle of 21 x 21 x 21, one predicted in a corner: 11^3 and 6^3 voxels."""
    probabilities = np.zeros((1, 21, 21, 21), np.uint8)
    probabilities[0, 0, 0, 0] = 128
    reference = np.zeros((21, 21, 21), np.uint8)
    reference[10, 10, 10] = 1
    found = calibrate_case(predicted(probabilities, (21, 21, 21), "WT"), reference)
    overlap = 1  # the cubes 0 to 5 and 5 to 15 share the voxel (5, 5, 5)
    assert found.near["WT"].n == 11**3 + 6**3 - overlap
    assert found.box["WT"].n == 21**3
    assert found.near["WT"].positives.sum() == 1


def test_background_flatters() -> None:
    """One voxel wrong with certainty: 1 in 11^3 near it, 1 in 41^3 over the box."""
    reference = np.zeros((41, 41, 41), np.uint8)
    reference[20, 20, 20] = 1
    prediction = predicted(np.zeros((1, 41, 41, 41), np.uint8), (41, 41, 41), "WT")
    near = calibrate_case(prediction, reference).to_json()["WT"]
    assert near["ece"] == pytest.approx(1 / 11**3)
    assert near["box"]["ece"] == pytest.approx(1 / 41**3)
    boxed = calibrate_case(prediction, reference).to_json("box")["WT"]
    assert (boxed["over"], boxed["ece"], boxed["near"]["ece"]) == ("box", near["box"]["ece"], near["ece"])


def test_only_the_heads_box_counts_and_regions_are_matched_by_name() -> None:
    probabilities = np.zeros((2, 2, 2, 2), np.uint8)
    probabilities[1] = 255
    prediction = Prediction(probabilities, Box((1, 1, 1), (3, 3, 3)), (4, 4, 4), ("WT", "ET"), (128, 128), "id")
    reference = np.zeros((4, 4, 4), np.uint8)
    reference[1, 1, 1] = 0b1  # bit 0 is ET here
    reference[0, 0, 0] = 0b1  # outside
    found = calibrate_case(prediction, reference, ("ET", "other"))
    assert list(found.near) == ["ET"]
    assert (found.near["ET"].n, found.near["ET"].positives[255]) == (8, 1)


def test_exclusive_classes_are_taken_one_against_the_rest_and_regions_are_their_sums() -> None:
    """One voxel: background 51, oedema 102, necrosis 51, enhancing 51 of 255; the reference says necrosis."""
    probabilities = np.array([51, 102, 51, 51], np.uint8).reshape(4, 1, 1, 1)
    prediction = predicted(probabilities, (1, 1, 1), "WT", "TC", "ET", class_bits=BRATS_CLASSES)
    found = calibrate_case(prediction, np.full((1, 1, 1), 3, np.uint8)).box
    by_hand = {
        "WT": (0.8, 1),  # three classes
        "TC": (0.4, 1),  # two
        "ET": (0.2, 0),
        "background": (0.2, 0),
        "WT only": (0.4, 0),
        "WT and TC only": (0.2, 1),
    }
    assert list(found) == list(by_hand)
    for name, (p, y) in by_hand.items():
        assert found[name].ece == pytest.approx(abs(p - y)), name
        assert found[name].brier == pytest.approx((p - y) ** 2), name


def test_a_class_that_is_a_region_has_its_name() -> None:
    assert class_names(("liver", "spleen"), (0, 1, 2)) == ("background", "liver", "spleen")
    assert class_names(("WT", "TC", "ET"), BRATS_CLASSES) == ("background", "WT only", "WT and TC only", "ET")


def test_another_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one grid"):
        calibrate_case(predicted(np.zeros((1, 2, 2, 2), np.uint8), (2, 2, 2), "WT"), np.zeros((2, 2, 3), np.uint8))
