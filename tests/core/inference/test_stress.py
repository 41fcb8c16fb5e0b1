"""A slice made harder: what the network is shown, by hand, and that a mirror is undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.checkpoints import load_model
from core.data.store import SlicedCase, slice_case
from core.errors import UsageError
from core.inference.device import Compute
from core.inference.options import InferenceOptions
from core.inference.predictor import Predictor
from core.inference.stress import Stress, answer, stressed
from core.inference.uncertainty import mean_prediction
from core.volume import Geometry, Grid, Volume
from tests import narrow

MODALITIES = ("t1n", "t1c", "t2w", "t2f")


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    checkpoint = narrow.checkpoint(tmp_path / "narrow")
    return Predictor(load_model(checkpoint), checkpoint.spec, Compute("cpu", bf16=False, channels_last=False))


@pytest.fixture
def sliced() -> SlicedCase:
    random = np.random.default_rng(0)
    voxels = random.integers(100, 900, (4, 40, 48, 6)).astype(np.int16)
    voxels[:, :4] = 0
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    volume = Volume(voxels, MODALITIES, (1.0,) * 4, (0.0,) * 4, Geometry(affine), Grid((40, 48, 6), affine))
    return slice_case("one", volume, None, "axial")


def test_a_sequence_that_is_off_is_zero_and_the_others_stay(predictor: Predictor, sliced: SlicedCase) -> None:
    plain = predictor.prepared(sliced, np.array([2]))
    seen = stressed(plain, predictor.spec, Stress(without=("t1c",)))
    assert not seen[:, 1].any()
    assert (seen[:, [0, 2, 3]] == plain[:, [0, 2, 3]]).all()


def test_noise_is_inside_the_head_as_strong_as_asked_and_always_the_same(
    predictor: Predictor, sliced: SlicedCase
) -> None:
    plain = predictor.prepared(sliced, np.array([2]))
    seen = stressed(plain, predictor.spec, Stress(noise=0.5))
    head = plain != 0
    assert (seen[~head] == 0).all()
    added = (seen - plain)[:, 0][head[:, 0]]
    assert added.std() == pytest.approx(0.5 * plain[:, 0][head[:, 0]].std(), rel=0.1)
    assert (seen == stressed(plain, predictor.spec, Stress(noise=0.5))).all()


def test_a_mirrored_slice_is_shown_left_for_right(predictor: Predictor, sliced: SlicedCase) -> None:
    plain = predictor.prepared(sliced, np.array([2]))
    assert (stressed(plain, predictor.spec, Stress(mirror=True)) == plain[:, :, ::-1]).all()


def test_the_mask_of_a_mirrored_slice_is_mirrored_back(predictor: Predictor, sliced: SlicedCase) -> None:
    image, bits = answer([predictor], sliced, 2, Stress(mirror=True))
    plain, _ = answer([predictor], sliced, 2, Stress())
    assert (image == plain).all()
    flipped = predictor.prepared(sliced, np.array([2]))[:, :, ::-1]
    from core.inference.prediction import region_bits

    q = predictor.probabilities(predictor.logits(np.ascontiguousarray(flipped)))[0]
    assert (bits == region_bits(q, predictor.spec.thresholds, ())[::-1]).all()


def test_without_a_stress_it_is_the_slice_of_the_prediction(predictor: Predictor, sliced: SlicedCase) -> None:
    _, bits = answer([predictor], sliced, sliced.slice_index[3], Stress())
    whole = predictor.predict(sliced, "id").mask()
    assert (sliced.box.crop(whole)[:, :, sliced.slice_index[3] - sliced.box.start[2]] == bits).all()


def test_several_networks_answer_with_their_mean(tmp_path: Path, sliced: SlicedCase) -> None:
    """What the mean of whole predictions says of a slice, the mean of the answers about that slice says."""
    cpu = Compute("cpu", bf16=False, channels_last=False)
    other_order = narrow.spec(modalities=("t2f", "t1n", "t2w", "t1c"))
    made = [narrow.checkpoint(tmp_path / "0", 0), narrow.checkpoint(tmp_path / "1", 1, other_order)]
    members = [Predictor(load_model(each), each.spec, cpu) for each in made]
    mean = mean_prediction([each.predict(sliced, "id") for each in members], "both")
    expected = sliced.box.crop(mean.mask())[:, :, 3]
    _, bits = answer(members, sliced, sliced.slice_index[3], Stress())
    assert (bits == expected).all()
    ones = [answer([each], sliced, sliced.slice_index[3], Stress())[1] for each in members]
    assert all((one != expected).any() for one in ones), "neither alone would have said so"


def test_networks_that_read_modalities_in_another_order_see_the_same_noise(
    predictor: Predictor, sliced: SlicedCase
) -> None:
    plain = predictor.prepared(sliced, np.array([2]))
    seen = stressed(plain, predictor.spec, Stress(noise=0.5))
    turned = narrow.spec(modalities=MODALITIES[::-1])
    again = stressed(np.ascontiguousarray(plain[:, ::-1]), turned, Stress(noise=0.5))
    assert (again[:, ::-1] == seen).all()


def test_flips_are_averaged_as_they_were_for_the_whole_case(predictor: Predictor, sliced: SlicedCase) -> None:
    whole = predictor.predict(sliced, "id", options=InferenceOptions(tta=True)).mask()
    _, bits = answer([predictor], sliced, sliced.slice_index[3], Stress(), tta=True)
    assert (sliced.box.crop(whole)[:, :, sliced.slice_index[3] - sliced.box.start[2]] == bits).all()


def test_more_noise_than_signal_is_refused() -> None:
    with pytest.raises(UsageError, match=r"found noise of 3; expected 0 to 1 standard deviations"):
        Stress(noise=3.0)
