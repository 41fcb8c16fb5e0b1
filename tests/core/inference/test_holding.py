"""Predictions that wait for a mean."""

from __future__ import annotations

import numpy as np
import pytest

from core.inference.holding import Holding
from core.inference.prediction import Prediction
from core.inference.uncertainty import mean_prediction
from core.volume import Box


def prediction(byte: int) -> Prediction:
    shape = (4, 3, 2)
    return Prediction(np.full((1, *shape), byte, np.uint8), Box.whole(shape), shape, ("WT",), (128,), "id")


@pytest.mark.parametrize(("memory_bytes", "on_disk"), [(48, False), (47, True)])
def test_what_does_not_fit_waits_on_the_disk_and_the_mean_is_the_same(memory_bytes: int, on_disk: bool) -> None:
    """Two predictions of 24 bytes are 48."""
    with Holding(2, memory_bytes) as held:
        held.add(prediction(10))
        held.add(prediction(21))
        files = [found.probabilities for found in held.predictions]
        assert all(isinstance(each, np.memmap) == on_disk for each in files)
        mean = mean_prediction(held.predictions, "both")
    assert (mean.probabilities == 16).all(), "15.5 is rounded upwards"
