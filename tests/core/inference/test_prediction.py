"""Probabilities as bytes: rounding, thresholds, and back from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.inference.prediction import Prediction
from core.volume import Box


@pytest.fixture
def prediction() -> Prediction:
    probabilities = np.zeros((2, 2, 1, 2), np.uint8)
    probabilities[0, 0, 0] = (127, 128)
    probabilities[1, 1, 0] = (199, 200)
    box = Box((1, 2, 0), (3, 3, 2))
    return Prediction(probabilities, box, (4, 4, 2), ("WT", "ET"), (128, 200), "id")


def test_a_voxel_is_in_a_region_when_its_byte_reaches_the_regions_threshold(prediction: Prediction) -> None:
    mask = prediction.mask()
    assert (mask.shape, mask.dtype) == ((4, 4, 2), np.uint8)
    assert {tuple(index): int(mask[tuple(index)]) for index in np.argwhere(mask)} == {(1, 2, 1): 0b01, (2, 2, 1): 0b10}


def test_a_saved_prediction_is_opened_as_it_was(prediction: Prediction, tmp_path: Path) -> None:
    prediction.save(tmp_path / "p")
    opened = Prediction.load(tmp_path / "p")
    assert np.array_equal(opened.probabilities, prediction.probabilities)
    assert isinstance(opened.probabilities, np.memmap)
    for name in ("box", "shape", "regions", "thresholds", "checkpoint_id"):
        assert getattr(opened, name) == getattr(prediction, name)


def test_there_is_nothing_to_open_where_nothing_was_saved(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Prediction.load(tmp_path / "nowhere")
