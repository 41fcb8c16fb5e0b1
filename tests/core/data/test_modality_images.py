"""Voxels alone say which sequence an image is, or that somebody must be asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.modality.__main__ import judge, left_out
from benchmarks.modality.images import Head, brats_heads, other_heads
from core.case import BRATS_MODALITIES
from core.data.modality import ASK_BELOW
from core.data.modality_features import coarse_brain
from core.data.modality_images import assign, describe, from_images

Image = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def slices(real_data: Path) -> list[Head]:
    """Eight patients' single slices, of a year and a preparation that no coefficient was fitted on."""
    return other_heads(real_data)["BraTS 2013, single slices"]


def test_at_least_nine_of_ten_channels_of_unseen_patients_are_right(slices: list[Head]) -> None:
    rows = [row for head in slices for row in judge(head, None)]
    assert len(rows) == 32
    assert sum(row["guess"] == row["modality"] for row in rows) >= 29


@pytest.mark.slow
def test_at_least_nine_of_ten_channels_are_right_leaving_one_patient_out(real_data: Path) -> None:
    heads = brats_heads(real_data)
    features = np.array([describe(list(head.images.values()), company=True) for head in heads])
    rows = [row for head, scorers in left_out(heads, features) for row in judge(head, scorers)]
    assert len(rows) == 4 * 13
    assert sum(row["guess"] == row["modality"] for row in rows) >= 0.9 * len(rows)
    assert [row for row in rows if row["guess"] != row["modality"] and not row["asks"]] == []


def test_neither_names_nor_order_nor_scale_change_a_guess(slices: list[Head]) -> None:
    images = slices[1].images
    straight = from_images(images)
    turned = from_images({f"x{name}": image * 7 for name, image in reversed(images.items())})
    assert {name: guess.modality for name, guess in straight.items()} == {
        name.removeprefix("x"): guess.modality for name, guess in turned.items()
    }


def test_a_head_with_its_skull_is_asked_about(real_data: Path) -> None:
    for head in other_heads(real_data)["clinical study, skull in place"]:
        assert all(guess.asks for guess in from_images(head.images).values())


def test_a_sequence_that_was_replaced_by_another_is_asked_about_and_its_twin_is_named(slices: list[Head]) -> None:
    images = slices[1].images
    guesses = from_images({**images, "t1n": images["t2f"].copy()})
    assert guesses["t2f"].asks
    assert guesses["t2f"].why == "it holds the same voxels as t1n"
    assert guesses["t2f"].modality == guesses["t1n"].modality


def blob(seed: int, shape: tuple[int, int, int] = (40, 40, 40)) -> Image:
    """A ball of noise on a background of zeros."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    noise = np.random.default_rng(seed).uniform(100, 200, shape)
    return np.where(sum(axis**2 for axis in axes) < 0.7, noise, 0).astype(np.float32)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((20, 20, 20), np.float32),
        np.zeros((0, 20, 20), np.float32),
        np.eye(20, dtype=np.float32)[..., None],
        np.where(blob(1) > 0, 5, 0).astype(np.float32),
    ],
    ids=["constant", "empty", "a line", "a mask"],
)
def test_an_image_without_a_brain_is_unknown(image: Image) -> None:
    assert (from_images({"a": image})["a"].modality, from_images({"a": image})["a"].confidence) == ("unknown", 0.0)


def test_a_brain_is_judged_although_the_image_beside_it_is_empty() -> None:
    guesses = from_images({"empty": np.zeros((40, 40, 40), np.float32), "b": blob(1)})
    assert guesses["empty"].modality == "unknown"
    assert guesses["b"].modality in BRATS_MODALITIES


def test_noise_that_is_unlike_every_known_image_is_asked_about() -> None:
    guess = from_images({"a": blob(3) ** 12})["a"]
    assert guess.confidence < ASK_BELOW
    assert guess.why == "judged by its voxels alone, but it is unlike any image known"


def test_air_at_minus_a_thousand_is_a_ct() -> None:
    image = blob(2) - 1000
    assert (from_images({"a": image})["a"].modality, from_images({"a": image})["a"].asks) == ("ct", False)


def test_nothing_gives_nothing() -> None:
    assert from_images({}) == {}


def scores(*rows: tuple[float, ...]) -> Iterator[npt.NDArray[np.float64]]:
    yield np.log(np.array(rows))


def test_two_images_that_want_one_modality_get_the_best_pair_with_its_share() -> None:
    # pairs (a, b): 0,1 weighs 0.6 x 0.3 = 0.18, 1,0 weighs 0.4 x 0.7 = 0.28; 0.28 / 0.46
    (rows,) = scores((0.6, 0.4), (0.7, 0.3))
    chosen, sure = assign(rows)
    assert chosen == [1, 0]
    assert sure == pytest.approx([0.28 / 0.46] * 2)


def test_one_image_gets_its_best_modality_with_its_share() -> None:
    (rows,) = scores((0.1, 0.6, 0.2, 0.1))
    assert assign(rows) == ([1], pytest.approx([0.6]))


def test_a_brain_is_cut_out_of_any_background_and_thinned_to_what_is_enough() -> None:
    image = np.full((200, 100, 3), -7, np.float32)
    image[20:180, 10:90] = np.arange(160)[:, None, None] + 1
    found = coarse_brain([image])
    assert found is not None
    (coarse,), mask = found
    assert coarse.shape == (80, 80, 3)
    assert mask.all()
    assert coarse[:, 0, 0].tolist() == list(range(1, 161, 2))
