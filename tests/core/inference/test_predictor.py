"""The predictor: every slice where it belongs, bytes rounded as agreed, the same on any canvas."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.data.slicing import PLANES, Plane
from core.data.store import SlicedCase, slice_case
from core.inference.device import Compute
from core.inference.predictor import Predictor
from core.models import build_model
from core.volume import Array, Grid, Volume
from tests import narrow
from tests.cases import SHAPE, channels, head, tumour_labels

CPU = Compute("cpu", bf16=False, channels_last=False)


def volume(seed: int = 1) -> Volume:
    parts = channels(seed, tumour_labels(seed))
    stacked = np.stack(list(parts.values()))
    return Volume(stacked, tuple(parts), (1.0,) * 4, (0.0,) * 4, None, Grid(SHAPE))


class Echo(torch.nn.Module):
    """Returns chosen input channels as logits, so that what comes out is what went in."""

    def __init__(self, *channels: int) -> None:
        super().__init__()
        self.channels = list(channels)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, self.channels]


def sliced(plane: Plane, given: Volume | None = None) -> SlicedCase:
    return slice_case("x", given or volume(), None, plane)


def sigmoid_bytes(logits: Array) -> Array:
    return np.floor(255 / (1 + np.exp(-logits.astype(np.float64))) + 0.5).astype(np.uint8)


@pytest.mark.parametrize("plane", PLANES)
def test_every_slice_lands_on_its_place_in_the_volume(plane: Plane) -> None:
    """A network that returns its input paints the prepared volume, whatever the plane and the batches."""
    given = volume()
    case = sliced(plane, given)
    prediction = Predictor(Echo(3, 0, 1), narrow.spec(plane=plane), CPU).predict(case, "id")
    for region, channel in enumerate((3, 0, 1)):
        constants = case.constants.channels[given.modalities[channel]]
        values = case.box.crop(given.voxels[channel]).astype(np.float64)
        expected = sigmoid_bytes(np.where(values == 0, 0, (values - constants.mean) / constants.sd))
        difference = expected.astype(int) - prediction.probabilities[region]
        assert np.abs(difference).max() <= 1, "float32 may round the other way"
        assert (difference != 0).mean() < 1e-3
    assert (prediction.box, prediction.shape) == (case.box, SHAPE)


def test_air_slices_inside_the_head_get_no_probability() -> None:
    given = volume()
    given.voxels[:, :, :, 7] = 0
    prediction = Predictor(Echo(0, 1, 2), narrow.spec(), CPU).predict(sliced("axial", given), "id")
    assert not prediction.probabilities[..., 7 - 2].any()
    assert prediction.probabilities[..., 8 - 2].any()


def test_channels_go_in_in_the_order_of_the_card() -> None:
    case = sliced("axial")
    forward = Predictor(Echo(0, 1, 1), narrow.spec(modalities=("t2f", "t1n")), CPU).predict(case, "id")
    backward = Predictor(Echo(1, 0, 0), narrow.spec(modalities=("t1n", "t2f")), CPU).predict(case, "id")
    assert np.array_equal(forward.probabilities, backward.probabilities)
    assert not np.array_equal(forward.probabilities[0], forward.probabilities[1])


@pytest.mark.parametrize(
    ("logit", "byte"), [(-100.0, 0), (0.0, 128), (100.0, 255), (float(np.log(0.1 / 0.9)), 26), (-6.23, 1), (-6.24, 0)]
)
def test_a_probability_becomes_the_nearest_byte_halves_upwards(logit: float, byte: int) -> None:
    """255 x 0.5 + 0.5 = 128; 255 x 0.1 + 0.5 = 26; half a byte is a probability of 0.00196, a logit of -6.232."""
    predictor = Predictor(Echo(0), narrow.spec(), CPU)
    assert predictor.probabilities(torch.full((1, 1, 1, 1), logit)).item() == byte


def test_temperature_divides_the_logits() -> None:
    prepared = np.full((1, 4, 8, 8), 2.0, np.float32)
    warm = Predictor(Echo(0, 1, 2), narrow.spec(temperature=4.0), CPU).logits(prepared)
    assert torch.equal(warm, torch.full((1, 3, 8, 8), 0.5))


def test_slices_are_padded_to_size_and_stride_and_cropped_back() -> None:
    seen: list[tuple[int, ...]] = []

    class Watching(Echo):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen.append(tuple(images.shape))
            return super().forward(images)

    logits = Predictor(Watching(0, 1, 2), narrow.spec(input_size=(31, 12)), CPU).logits(
        np.ones((2, 4, 22, 19), np.float32)
    )
    assert seen == [(2, 4, 32, 20)]
    assert logits.shape == (2, 3, 22, 19)


@pytest.mark.parametrize(("size", "worst"), [(20, 0.06), (64, 0.02)])
def test_resized_slices_come_back_to_their_own_grid(size: int, worst: float) -> None:
    """A slope of brightness goes through a smaller and through a larger canvas, and no pixel moves by half of one."""
    slope = np.linspace(1, 2, 22, dtype=np.float32)[:, None] + np.linspace(0, 1, 19, dtype=np.float32)
    seen: list[tuple[int, ...]] = []

    class Watching(Echo):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen.append(tuple(images.shape))
            return super().forward(images)

    predictor = Predictor(Watching(0, 1, 2), narrow.spec(input_size=size), CPU)
    logits = predictor.logits(np.broadcast_to(slope, (2, 4, 22, 19)).copy())
    assert seen == [(2, 4, size, size)]
    assert logits.shape == (2, 3, 22, 19)
    # one pixel is a step of 1 / 21 = 0.048 along rows and 1 / 18 = 0.056 along columns
    inner = (logits.numpy()[0, 0] - slope)[2:-2, 2:-2]
    assert np.abs(inner).max() < worst / 4
    assert np.abs(logits.numpy()[0, 0] - slope).max() < worst


@pytest.mark.parametrize("neighbours", [1, 2])
def test_neighbours_are_those_of_the_full_grid_and_air_is_zero(neighbours: int) -> None:
    """Native slice 7 is air and not stored: its neighbours see zeros there, not the slice beyond."""
    given = volume()
    given.voxels[:, :, :, 7] = 0
    case = sliced("axial", given)
    modalities = ("t2f", "t1n")
    spec = narrow.spec(modalities=modalities, neighbours=neighbours)
    everything = np.arange(len(case.slices))
    fed = Predictor(Echo(0, 1, 2), spec, CPU).prepared(case, everything)
    plain = {native: case.prepared(index, modalities, "zscore") for index, native in enumerate(case.slice_index)}
    nothing = np.zeros_like(plain[8])
    assert 7 not in plain
    for index, native in enumerate(case.slice_index):
        around = [plain.get(native + offset, nothing) for offset in range(-neighbours, neighbours + 1)]
        assert np.array_equal(fed[index], np.concatenate(around))
        alone = case.prepared(index, modalities, "zscore", None, neighbours)
        assert np.array_equal(alone, fed[index])


def test_a_window_reaches_the_network() -> None:
    case = sliced("axial")
    spec = narrow.spec(preparing="window", window=(50.0, 150.0))
    fed = Predictor(Echo(0, 1, 2), spec, CPU).prepared(case, np.arange(3))
    values = case.slices[:3].astype(np.float64)
    assert np.allclose(fed, np.clip((values - 50) / 100, 0, 1), atol=1e-6)


def test_a_real_net_answers_alike_on_the_same_input_and_stays_in_the_mode_it_was_in() -> None:
    torch.manual_seed(0)
    model = build_model("unet", 4, 3, narrow.ARGUMENTS).train()
    predictor = Predictor(model, narrow.spec(), CPU)
    prepared = np.random.default_rng(0).random((3, 4, 22, 20), dtype=np.float32)
    assert torch.equal(predictor.logits(prepared), predictor.logits(prepared)), "dropout is off"
    assert model.training


def test_progress_counts_every_slice_once() -> None:
    told: list[tuple[int, int]] = []
    case = sliced("sagittal")
    Predictor(Echo(0, 1, 2), narrow.spec(plane="sagittal"), CPU).predict(case, "id", lambda d, t: told.append((d, t)))
    assert told[-1] == (22, 22)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_made_up_head_is_what_is_predicted_on() -> None:
    assert sliced("axial").box.shape == tuple(n - 4 for n in SHAPE) == (22, 20, 12)
    assert head().sum() > 1000
