"""The slice on screen at once, the rest as it comes, and in the end what a whole prediction says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.data.slicing import PLANES, Plane, cut
from core.data.store import SlicedCase, slice_case
from core.inference.device import Compute
from core.inference.options import PLAIN, InferenceOptions
from core.inference.predictor import Predictor
from core.inference.streaming import Stream
from core.models import build_model
from core.volume import Grid, Volume
from tests import narrow
from tests.cases import SHAPE, channels, tumour_labels

CPU = Compute("cpu", bf16=False, channels_last=False)


def sliced(plane: Plane) -> SlicedCase:
    parts = channels(1, tumour_labels(1))
    voxels = np.stack(list(parts.values()))
    voxels[:, :, :, 7] = 0  # air within the head
    volume = Volume(voxels, tuple(parts), (1.0,) * 4, (0.0,) * 4, None, Grid(SHAPE))
    return slice_case("x", volume, None, plane)


def predictor(plane: Plane) -> Predictor[torch.Tensor]:
    torch.manual_seed(0)
    return Predictor(build_model("unet", 4, 3, narrow.ARGUMENTS).eval(), narrow.spec(plane=plane), CPU)


@pytest.mark.parametrize("plane", PLANES)
def test_each_slice_alone_is_that_slice_of_the_whole_mask(plane: Plane) -> None:
    case, net = sliced(plane), predictor(plane)
    mask = cut(net.predict(case, "id").mask(), plane)
    assert mask.any()
    differing = sum(np.count_nonzero(net.first_slice(case, index) != mask[index]) for index in range(len(mask)))
    assert differing <= mask.size * 1e-4, "another batch may round a byte the other way"


def test_air_and_what_lies_outside_the_box_have_no_mask() -> None:
    case, net = sliced("axial"), predictor("axial")
    for index in (0, 7, SHAPE[2] - 1):
        found = net.first_slice(case, index)
        assert found.shape == SHAPE[:2]
        assert not found.any()


@pytest.mark.parametrize("options", [PLAIN, InferenceOptions(tta=True)], ids=["once", "mean over flips"])
def test_what_is_shown_on_the_way_is_what_the_prediction_says(options: InferenceOptions) -> None:
    case, net = sliced("axial"), predictor("axial")
    seen: dict[int, np.ndarray] = {}

    def take(numbers: list[int], found: np.ndarray) -> None:
        seen.update(zip(numbers, found, strict=True))

    whole = net.predict(case, "id", options=options, stream=Stream(lambda: 9, take)).probabilities
    assert sorted(seen) == list(case.slice_index)
    assert 9 in list(seen)[:8], "the batch with the slice that is looked at comes first"
    for number, found in seen.items():
        assert (found == whole[:, :, :, number - case.box.start[2]]).all()


def test_being_looked_at_changes_no_prediction() -> None:
    case, net = sliced("axial"), predictor("axial")
    alone = net.predict(case, "id").probabilities
    for nearest in (0, 9, SHAPE[2]):
        watched = net.predict(case, "id", stream=Stream(lambda near=nearest: near, lambda *_: None)).probabilities
        assert np.abs(watched.astype(int) - alone).max() <= 1, "another batch may round a byte the other way"
