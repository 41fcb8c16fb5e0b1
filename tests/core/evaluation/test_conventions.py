"""The same masks in every scoring convention, each number worked out by hand or by the library that scores so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.data.load import load_label_file
from core.evaluation.conventions import (
    CONVENTIONS,
    DEFAULT_CONVENTION,
    score_conventions,
)
from core.evaluation.mask_pair import MaskPair, model_resolution, resized
from core.evaluation.scoring import Scoring, score_case
from core.evaluation.slice_counts import count_slices
from core.labels import scheme_named

BINARY, BRATS = scheme_named("binary"), scheme_named("brats-2023")
Bits = npt.NDArray[np.uint8]


def slices(*voxels: Sequence[int]) -> Bits:
    """A mask of 2 x 2 voxels a slice; each argument lists the voxels (0 to 3) of one slice."""
    mask = np.zeros((4, len(voxels)), np.uint8)
    for z, listed in enumerate(voxels):
        mask[list(listed), z] = 1
    return mask.reshape(2, 2, len(voxels))


def pair(prediction: Bits, reference: Bits, head: int = 0) -> MaskPair:
    return MaskPair(prediction, reference, BINARY, ("foreground",), head)


def dice(masks: MaskPair, convention: str, region: str = "foreground") -> float | None:
    return CONVENTIONS[convention].score(masks, region).value


# slice 0: 3 drawn, 2 of them found, Dice 4/5; slice 1: 1 drawn, found among 3, Dice 2/4; slice 2: 1 invented, Dice 0
THREE_SLICES = pair(slices([0, 1], [0, 1, 2], [3]), slices([0, 1, 2], [0], []), head=10)


def test_three_slices_by_hand_in_every_convention() -> None:
    assert dice(THREE_SLICES, "patient") == pytest.approx(2 * 3 / (6 + 4))
    assert dice(THREE_SLICES, "pooled-cohort") == pytest.approx(0.6)
    assert dice(THREE_SLICES, "slice") == pytest.approx((0.8 + 0.5 + 0) / 3)
    assert dice(THREE_SLICES, "tumour-slices") == pytest.approx((0.8 + 0.5) / 2)
    assert dice(THREE_SLICES, "slice-empty-one") == pytest.approx((0.8 + 0.5 + 0 + 7 * 1) / 10), "7 of 10 are empty"
    assert dice(THREE_SLICES, "pooled") == pytest.approx(0.6), "all three are in one batch"
    assert dice(THREE_SLICES, "unbinarised") == pytest.approx(0.6), "label 1 is 1"
    assert dice(THREE_SLICES, "before-clean-up") == dice(THREE_SLICES, DEFAULT_CONVENTION)


def test_before_clean_up_is_scored_on_what_the_thresholds_alone_give() -> None:
    """Five voxels before and after: the one invented in slice 2 went, the one missed in slice 1 was filled in."""
    before, reference = slices([0, 1], [1, 2], [3]), slices([0, 1, 2], [0], [])
    after = slices([0, 1], [0, 1, 2], [])
    both = replace(pair(after, reference), before_clean_up=before)
    assert dice(both, "before-clean-up") == pytest.approx(2 * 2 / (5 + 4))
    assert dice(both, DEFAULT_CONVENTION) == pytest.approx(2 * 3 / (5 + 4))


def test_batches_are_of_sixteen_slices_from_the_lowest_and_those_without_the_region_do_not_count() -> None:
    """Slices 0 and 15 share a batch, 16 is the next, 32 to 39 hold nothing."""
    prediction, reference = (slices(*([[]] * 40)) for _ in range(2))
    prediction[0, 0, [0, 16]] = 1
    reference[0, 0, [0, 15, 16]] = 1
    masks = pair(prediction, reference)
    assert dice(masks, "pooled") == pytest.approx((2 / 3 + 1) / 2)
    assert dice(masks, "slice") == pytest.approx((1 + 0 + 1) / 3)
    assert dice(masks, "patient") == pytest.approx(4 / 5)


@pytest.mark.parametrize(
    ("convention", "nothing_drawn", "nothing_found", "neither"),
    [
        ("patient", None, 0, None),
        ("slice", 0, 0, None),
        ("slice-empty-one", (0 + 4) / 5, (0 + 4) / 5, 1),
        ("tumour-slices", None, 0, None),
        ("pooled", 0, 0, None),
        ("pooled-cohort", 0, 0, None),
        ("unbinarised", None, 0, None),
        ("model-resolution", None, 0, None),
        ("before-clean-up", None, 0, None),
    ],
)
def test_empty_masks(convention: str, nothing_drawn: float, nothing_found: float, neither: float) -> None:
    """One slice of five with the whole slice in one mask, in the other, in none."""
    full, empty = slices([0, 1, 2, 3], [], []), slices([], [], [])
    assert dice(pair(full, empty, 5), convention) == nothing_drawn
    assert dice(pair(empty, full, 5), convention) == nothing_found
    assert dice(pair(empty, empty, 5), convention) == neither


def test_a_perfect_mask_scores_four_thirds_when_labels_are_not_binarised() -> None:
    """One voxel of each label: m = 1, 1, 1 and y = 1, 2, 3 give 2 (1 + 2 + 3) / (3 + 6)."""
    reference = BRATS.to_regions(np.array([[[1, 2], [3, 0]]], np.uint8))
    masks = MaskPair(reference, reference, BRATS, BRATS.region_names, 2)
    assert dice(masks, "unbinarised", "WT") == pytest.approx(12 / 9)
    assert dice(masks, "unbinarised", "TC") == pytest.approx(2 * (1 + 3) / (2 + 4))
    assert dice(masks, "unbinarised", "ET") == pytest.approx(2 * 3 / (1 + 3))
    assert [dice(masks, "patient", region) for region in ("WT", "TC", "ET")] == [1, 1, 1]


def test_where_enhancing_tumour_is_label_4_it_counts_four_times() -> None:
    scheme = scheme_named("brats-2021")
    reference = scheme.to_regions(np.array([[[4, 0]]], np.uint8))
    masks = MaskPair(reference, reference, scheme, ("ET",), 2)
    assert dice(masks, "unbinarised", "ET") == pytest.approx(2 * 4 / (1 + 4))


def test_the_public_samples_give_the_impossible_numbers_and_ours_is_one(real_data: Path) -> None:
    """Five sample slices with labels 0 to 3: the perfect mask m = (y > 0) scored as 2 sum(m y) / (sum m + sum y)."""
    files = sorted((real_data / "brats_africa_demo_npy" / "sample_images").glob("*_mask.npy"))
    assert len(files) == 5
    for file in files:
        raw = np.load(file)
        reference = BRATS.to_regions(raw.astype(np.uint8))[..., None]
        masks = MaskPair(reference, reference, BRATS, ("WT",), 1)
        by_hand = 2 * ((raw > 0) * raw).sum() / ((raw > 0).sum() + raw.sum())
        assert dice(masks, "unbinarised", "WT") == pytest.approx(by_hand)
        assert 1.33 <= round(by_hand, 2) <= 1.41
        assert dice(masks, "patient", "WT") == 1.0


def test_at_the_models_resolution_only_the_voxels_under_the_new_centres_count() -> None:
    """4 x 4 to 2 x 2 keeps rows and columns 1 and 3: of 3 drawn voxels 2 remain, of 3 found 1."""
    prediction, reference = np.zeros((4, 4, 1), np.uint8), np.zeros((4, 4, 1), np.uint8)
    for x, y in ((1, 1), (3, 3), (0, 0)):
        reference[x, y] = 1
    for x, y in ((1, 1), (0, 0), (2, 2)):
        prediction[x, y] = 1
    masks = replace(pair(prediction, reference), input_size=(2, 2))
    assert dice(masks, "patient") == pytest.approx(2 * 2 / 6)
    assert dice(masks, "model-resolution") == pytest.approx(2 * 1 / (1 + 2))


def test_the_models_resolution_follows_its_plane_and_falls_back_to_128() -> None:
    assert model_resolution((240, 240, 155), "axial", (192, 224)) == (
        (192, 224),
        "192 × 224, the input size in the model's card",
    )
    for size in (None, (240, 240)):
        found, why = model_resolution((240, 240, 155), "axial", size)
        assert (found, why[:9]) == ((128, 128), "128 × 128")
    assert model_resolution((240, 240, 155), "coronal", (240, 240))[0] == (240, 240), "its slices are 240 × 155"
    mask = np.zeros((6, 8, 10), np.uint8)
    assert resized(mask, "axial", (2, 3)).shape == (2, 3, 10)
    assert resized(mask, "coronal", (2, 3)).shape == (2, 8, 3)
    assert resized(mask, "sagittal", (2, 3)).shape == (6, 2, 3)


def test_a_region_is_scored_by_its_bit_whatever_else_lies_there() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, (2, 5, 6, 7)).astype(np.uint8)
    prediction, reference = BRATS.to_regions(labels[0]), BRATS.to_regions(labels[1])
    masks = MaskPair(prediction, reference, BRATS, ("TC", "ET"), 7)
    found = score_conventions(masks)
    assert list(found) == list(CONVENTIONS)
    for region, bit in (("TC", 1), ("ET", 2)):
        a, b = prediction >> bit & 1 == 1, reference >> bit & 1 == 1
        per_slice = [2 * (a & b)[..., z].sum() / (a[..., z].sum() + b[..., z].sum()) for z in range(7)]
        assert found["slice"][region].value == pytest.approx(np.mean(per_slice))
        assert found["patient"][region].value == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()))


@pytest.mark.slow
def test_a_real_case_by_the_libraries_that_score_so(real_data: Path) -> None:
    """A real reference against itself moved by two voxels and one slice: segmentation_models.pytorch and MONAI."""
    import torch
    from monai.metrics.meandice import DiceMetric
    from segmentation_models_pytorch import metrics

    file = min((real_data / "brats_africa").glob("*/*-seg.nii.gz"))
    reference, grid = load_label_file(file, BRATS)
    prediction = np.roll(reference, (2, 0, 1), axis=(0, 1, 2))
    depth = reference.shape[2]
    found = score_conventions(MaskPair(prediction, reference, BRATS, BRATS.region_names, depth))
    ours = score_case(prediction, reference, BRATS.region_names, grid.geometry(), scoring=Scoring(("dice",)))
    for bit, region in enumerate(BRATS.region_names):
        a, b = (
            torch.from_numpy(np.moveaxis(bits >> bit & 1, 2, 0)[:, None].astype(np.int64))
            for bits in (prediction, reference)
        )
        counts = metrics.get_stats(a, b, mode="binary")
        imagewise = metrics.f1_score(*counts, reduction="micro-imagewise", zero_division=1.0)
        micro = metrics.f1_score(*counts, reduction="micro")
        of_tumour = DiceMetric(ignore_empty=True)
        of_tumour(a, b)
        filtered = of_tumour.aggregate()
        assert isinstance(filtered, torch.Tensor)
        assert found["patient"][region].value == pytest.approx(ours[region]["dice"])
        assert found["slice-empty-one"][region].value == pytest.approx(imagewise.item(), abs=1e-6)
        assert found["pooled-cohort"][region].value == pytest.approx(micro.item(), abs=1e-6)
        assert found["tumour-slices"][region].value == pytest.approx(filtered.item(), abs=1e-6)


def test_counting_needs_two_region_volumes_of_one_grid() -> None:
    good = np.zeros((2, 2, 2), np.uint8)
    with pytest.raises(ValueError, match="found a reference of dtype int64"):
        count_slices(good, good.astype(np.int64))
    with pytest.raises(ValueError, match="expected two masks of one grid"):
        count_slices(good, good[:1])


@pytest.mark.parametrize("name", list(CONVENTIONS))
def test_every_convention_says_what_it_is_and_who_scores_so(name: str) -> None:
    spec = CONVENTIONS[name]
    assert (spec.name, spec.definition[-1], spec.definition.count(". ")) == (name, ".", 0), "one sentence"
    assert spec.title
    assert spec.reference
