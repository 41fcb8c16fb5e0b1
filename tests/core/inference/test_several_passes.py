"""Test-time augmentation and dropout passes: means of what single passes give, the same every time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from core.data.slicing import Plane
from core.data.store import SlicedCase, slice_case
from core.errors import UsageError
from core.inference import batches as module
from core.inference.device import Compute
from core.inference.dropout import NoDropoutError, SampledDropout
from core.inference.options import InferenceOptions
from core.inference.predictor import Predictor
from core.models import build_model
from core.volume import Grid, Volume
from tests import narrow
from tests.cases import SHAPE, channels, tumour_labels

CPU = Compute("cpu", bf16=False, channels_last=False)
TTA = InferenceOptions(tta=True)
CLASSES = narrow.spec(target="classes", class_bits=(0, 1, 3, 7))


def sliced(plane: Plane = "axial") -> SlicedCase:
    parts = channels(1, tumour_labels(1))
    volume = Volume(np.stack(list(parts.values())), tuple(parts), (1.0,) * 4, (0.0,) * 4, None, Grid(SHAPE))
    return slice_case("x", volume, None, plane)


def net(outputs: int = 3, **arguments: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model("unet", 4, outputs, {**narrow.ARGUMENTS, "dropout": 0.5, **arguments}).eval()


class Pixelwise(torch.nn.Module):
    """Sees one pixel at a time: turning its input turns its output."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, :3] * 2


class TopLeft(torch.nn.Module):
    """Says yes in one corner of whatever it sees."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = torch.full((len(images), 3, *images.shape[2:]), -100.0)
        logits[..., 0, 0] = 100.0
        return logits


def test_where_turning_changes_nothing_the_mean_over_turns_is_the_plain_prediction() -> None:
    case = sliced()
    plain = Predictor(Pixelwise(), narrow.spec(), CPU).predict(case, "id")
    mean = Predictor(Pixelwise(), narrow.spec(), CPU).predict(case, "id", options=TTA)
    assert np.abs(mean.probabilities.astype(int) - plain.probabilities).max() <= 1
    assert mean.uncertainty is not None
    assert (mean.uncertainty.opinions, mean.uncertainty.count) == ("turns", 4)
    assert mean.uncertainty.maps[1].max() <= 1, "nobody disagrees"
    assert mean.uncertainty.maps[0].max() == 255


def test_a_corner_that_turns_with_the_slice_is_found_in_every_corner_at_a_quarter() -> None:
    """22 x 20 slices have four turns: each corner is a tumour once in four, q = floor(255 / 4 + 0.5) = 64.

    The mean's entropy is that of a quarter, 0.8113 bits, 207 of 255; each turn is sure, so all of it is disagreement.
    """
    made = Predictor(TopLeft(), narrow.spec(), CPU).predict(sliced(), "id", options=TTA)
    one = made.probabilities[0, :, :, 5]
    assert {tuple(map(int, place)) for place in np.argwhere(one)} == {(0, 0), (0, 19), (21, 0), (21, 19)}
    assert set(one[one > 0].tolist()) == {64}
    assert made.uncertainty is not None
    assert made.uncertainty.maps[:, 0, 0, 0, 5].tolist() == [207, 207]
    assert not made.uncertainty.maps[:, 0, 5, 5, 5].any()


@pytest.mark.parametrize("spec", [narrow.spec(), CLASSES], ids=["regions", "classes"])
def test_dropout_passes_are_a_function_of_seed_and_sample(
    spec: narrow.InferenceSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same again, in batches of another size, after other random numbers; another seed is another answer."""
    case, model = sliced(), net(spec.outputs)
    options = InferenceOptions(mc_dropout=3)
    first = Predictor(model, spec, CPU).predict(case, "id", options=options)
    torch.manual_seed(99)
    monkeypatch.setattr(module, "BATCH", 3)
    again = Predictor(model, spec, CPU).predict(case, "id", options=options)
    # another batch size may sum a convolution in another order
    assert np.abs(first.probabilities.astype(int) - again.probabilities).max() <= 1
    other = Predictor(model, spec, CPU).predict(case, "id", options=InferenceOptions(mc_dropout=3, seed=1))
    assert np.abs(first.probabilities.astype(int) - other.probabilities).max() > 10
    assert first.uncertainty is not None
    assert (first.uncertainty.opinions, first.uncertainty.count) == ("dropout", 3)
    assert first.uncertainty.maps.shape == (2, 1 if spec.class_bits else 3, *case.box.shape)
    entropy, disagreement = first.uncertainty.maps
    assert disagreement.max() > 10
    assert (disagreement <= entropy).all(), "mutual information is at most the entropy"


def test_after_dropout_passes_the_network_answers_as_before() -> None:
    case, predictor = sliced(), Predictor(net(), narrow.spec(), CPU)
    before = predictor.predict(case, "id")
    predictor.predict(case, "id", options=InferenceOptions(mc_dropout=2))
    assert np.array_equal(predictor.predict(case, "id").probabilities, before.probabilities)


def test_only_dropout_is_switched_on_batch_norm_stays() -> None:
    model = net(norm="batch")
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    Predictor(model, narrow.spec(), CPU).predict(sliced(), "id", options=InferenceOptions(mc_dropout=2))
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(("layer", "share"), [(torch.nn.Dropout(0.25), 0.75), (torch.nn.Dropout2d(0.25), 0.75)])
def test_values_or_whole_maps_are_dropped_and_the_rest_made_up_for(layer: torch.nn.Module, share: float) -> None:
    images = torch.ones(2, 400, 6, 6)
    model = torch.nn.Sequential(layer).eval()
    with SampledDropout(model) as dropout:
        dropout.begin(["a", "b"])
        found = model(images)
        dropout.begin(["b", "a"])
        assert torch.equal(model(images), found.flip(0)), "a sample's mask goes with its name"
    assert sorted(set(found.unique().tolist())) == pytest.approx([0.0, 1 / share])
    assert (found > 0).float().mean().item() == pytest.approx(share, abs=0.05)
    whole = bool((found.flatten(2).amax(2) == found.flatten(2).amin(2)).all())
    assert whole == isinstance(layer, torch.nn.Dropout2d)


def test_parts_of_an_image_in_the_first_axis_are_dropped_with_their_image() -> None:
    """A transformer's windows: two images of three windows each."""
    tokens = torch.ones(6, 50, 8)
    model = torch.nn.Sequential(torch.nn.Dropout(0.5)).eval()
    with SampledDropout(model) as dropout:

        def passed(names: Sequence[str]) -> torch.Tensor:
            dropout.begin(names)
            return model(tokens)

        one, swapped = passed(["a", "b"]), passed(["b", "a"])
    assert torch.equal(one[:3], swapped[3:])
    assert not torch.equal(one[:3], one[3:])


def test_a_net_without_dropout_is_refused_in_a_sentence() -> None:
    with pytest.raises(NoDropoutError, match="this unet has no dropout, so every pass would be the same"):
        Predictor(net(dropout=0.0), narrow.spec(), CPU).predict(sliced(), "id", options=InferenceOptions(mc_dropout=2))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"mc_dropout": 1}, "found 1 passes with dropout; expected 2 to 100"),
        ({"mc_dropout": 101}, "expected 2 to 100"),
        ({"mc_dropout": -2}, "expected 2 to 100"),
        ({"mc_dropout": 5, "tta": True}, "ask for one of the two"),
        ({"seed": -1}, "found seed -1"),
    ],
)
def test_options_that_make_no_sense_are_refused(fields: dict[str, int], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        InferenceOptions(**fields)  # type: ignore[arg-type]


def test_progress_counts_every_slice_once() -> None:
    told: list[tuple[int, int]] = []
    case = sliced()
    Predictor(Pixelwise(), narrow.spec(), CPU).predict(case, "id", lambda d, t: told.append((d, t)), TTA)
    assert told[-1] == (len(case.slices), len(case.slices))
    assert len({done for done, _ in told}) == len(told)
