"""Batches are a function of seed, step and sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.data.augment import Augmenter, augment_settings
from core.data.store import SlicedCase, open_case
from core.recipe import DataSection
from core.training.batches.sampling import SliceSampler
from core.workspace import Cohort, Workspace
from tests.cases import case_id


@pytest.fixture
def cases(workspace: Workspace, small: Cohort) -> list[SlicedCase]:
    return [open_case(workspace.store_folder("small", case_id(n)), "axial") for n in (1, 2)]


def sampler(
    cases: Sequence[SlicedCase], seed: int = 0, preset: str = "standard", tumour_share: float = 0.5, size: object = None
) -> SliceSampler:
    data = DataSection.model_validate({"input_size": size, "tumour_share": tumour_share})
    return SliceSampler(cases, data, 3, 4, Augmenter(augment_settings(preset)), seed)


def test_a_batch_depends_on_seed_and_step_and_on_nothing_drawn_before(cases: list[SlicedCase]) -> None:
    one, other = sampler(cases), sampler(cases)
    for step in (1, 2, 3):
        one.batch(step, 4)
    assert np.array_equal(one.batch(7, 4).images, other.batch(7, 4).images)
    assert np.array_equal(one.batch(7, 4).targets, other.batch(7, 4).targets)
    assert not np.array_equal(one.batch(7, 4).images, one.batch(8, 4).images)
    assert not np.array_equal(one.batch(7, 4).images, sampler(cases, seed=1).batch(7, 4).images)


def test_a_sample_does_not_depend_on_the_size_of_its_batch(cases: list[SlicedCase]) -> None:
    assert np.array_equal(sampler(cases).batch(3, 2).images, sampler(cases).batch(3, 6).images[:2])


def test_a_step_may_be_made_in_parts(cases: list[SlicedCase]) -> None:
    whole = sampler(cases).batch(3, 6)
    parts = [sampler(cases).batch(3, size, first) for size, first in ((2, 0), (1, 2), (3, 3))]
    assert np.array_equal(np.concatenate([part.images for part in parts]), whole.images)
    assert np.array_equal(np.concatenate([part.targets for part in parts]), whole.targets)


def test_the_canvas_is_that_of_the_largest_case_whichever_are_drawn(cases: list[SlicedCase]) -> None:
    small_one = replace(cases[0], slices=cases[0].slices[:, :, :9, :8], reference=cases[0].reference[:9, :8])  # type: ignore[index]
    made = sampler([small_one, cases[1]])
    assert made.canvas == (24, 20)
    assert {made.batch(step, 1).images.shape for step in range(12)} == {(1, 4, 24, 20)}


def test_one_size_resizes_every_case_and_its_mask(cases: list[SlicedCase]) -> None:
    """22 x 20 onto a longer side of 44: twice as large, so every mask pixel is there four times."""
    made = sampler(cases, preset="none", tumour_share=1, size=44)
    image, mask = made.read(0, 6)
    assert (image.shape, mask.shape) == ((4, 44, 44), (44, 44))
    assert np.array_equal(mask[::2, 2:42:2], cases[0].reference_slice(6))
    assert mask.any()
    assert np.count_nonzero(mask) == 4 * np.count_nonzero(cases[0].reference_slice(6))


def with_reference(case: SlicedCase, rare: Sequence[int]) -> SlicedCase:
    """Region 0 on every third slice, region 1 as well on the slices named."""
    assert case.reference is not None
    reference = np.zeros_like(case.reference)
    reference[5, 5, ::3] = 1
    reference[5, 5, list(rare)] = 3
    return replace(case, reference=reference, folder=None)


def drawn_bits(
    cases: Sequence[SlicedCase], count: int, class_bits: tuple[int, ...] = (), **fields: object
) -> list[int]:
    """The region bits of the marked voxel of `count` slices that were drawn."""
    data = DataSection.model_validate({"input_size": None, **fields})
    made = SliceSampler(cases, data, 3, 4, Augmenter(augment_settings("none")), 0, class_bits)
    targets = made.batch(1, count).targets[:, :, 6, 5]  # one row of padding before
    if class_bits:
        return [class_bits[int(channels.argmax())] for channels in targets]
    return [int((channels * (1, 2, 4)).sum()) for channels in targets]


def test_a_rare_region_is_drawn_as_often_as_a_common_one(cases: list[SlicedCase]) -> None:
    """One of four tumour slices has region 1, which lies in region 0; region 2 occurs nowhere.

    Half of the draws are for region 1; the other half, for region 0, finds it on one slice of four: 5 / 8.
    """
    marked = [with_reference(cases[0], rare=[3])]
    plain = drawn_bits(marked, 800, tumour_share=1.0)
    balanced = drawn_bits(marked, 800, tumour_share=1.0, class_balance=True)
    assert plain.count(3) == pytest.approx(200, abs=45)
    assert balanced.count(3) == pytest.approx(500, abs=50)
    assert set(plain) == set(balanced) == {1, 3}


def test_classes_are_balanced_by_class(cases: list[SlicedCase]) -> None:
    """As exclusive classes the rare slice has the second class alone: every other draw finds it."""
    marked = [with_reference(cases[0], rare=[3])]
    balanced = drawn_bits(marked, 800, (0, 1, 3), tumour_share=1.0, class_balance=True)
    assert balanced.count(3) == pytest.approx(400, abs=50)


@pytest.mark.parametrize("free", [0.0, 0.25, 1.0])
def test_the_rest_holds_the_share_of_tumour_free_slices_asked_for(cases: list[SlicedCase], free: float) -> None:
    marked = [with_reference(cases[0], rare=[])]
    drawn = drawn_bits(marked, 800, tumour_share=0.5, tumour_free_share=free)
    # half is drawn from tumour slices, of the other half `free` from those without
    assert drawn.count(0) == pytest.approx(400 * free, abs=50)
    assert (drawn.count(0) == 0) == (free == 0)


def test_without_tumour_free_slices_the_rest_is_drawn_from_the_others(cases: list[SlicedCase]) -> None:
    assert cases[0].reference is not None
    everywhere = replace(cases[0], reference=np.ones_like(cases[0].reference), folder=None)
    assert set(drawn_bits([everywhere], 50, tumour_share=0.0, tumour_free_share=1.0)) == {1}


def test_modalities_come_in_the_order_asked_for_with_their_neighbours(cases: list[SlicedCase]) -> None:
    data = DataSection.model_validate({"modalities": ["t2f", "t1n"], "neighbours": 1, "input_size": None})
    image, _ = SliceSampler(cases[:1], data, 3, 4, Augmenter(augment_settings("none")), 0).read(0, 6)
    alone = [cases[0].prepared(at, (name,), "zscore")[0] for at in (5, 6, 7) for name in ("t2f", "t1n")]
    assert np.array_equal(image[:, 1:23], alone)


def test_shapes_types_and_targets(cases: list[SlicedCase]) -> None:
    """A head of 22 x 20 in a canvas of 32 x 24: one channel per modality, one 0-1 map per region, each in the last."""
    batch = sampler(cases, size=(30, 24)).batch(1, 5)
    assert (batch.images.shape, batch.images.dtype) == ((5, 4, 32, 24), np.float32)
    assert (batch.targets.shape, batch.targets.dtype) == ((5, 3, 32, 24), np.float32)
    assert set(np.unique(batch.targets)) == {0.0, 1.0}
    whole, core, enhancing = batch.targets.transpose(1, 0, 2, 3)
    assert (enhancing <= core).all()
    assert (core <= whole).all()


def test_the_share_of_tumour_slices_is_kept(cases: list[SlicedCase]) -> None:
    def share(asked: float) -> float:
        made = sampler(cases, preset="none", tumour_share=asked)
        drawn = np.concatenate([made.batch(step, 20).targets.any(axis=(1, 2, 3)) for step in range(1, 21)])
        return float(drawn.mean())

    everywhere = sampler(cases).tumour_slices / sampler(cases).slices
    assert share(1.0) == 1.0
    assert share(0.0) == pytest.approx(everywhere, abs=0.08)
    assert share(0.5) == pytest.approx(0.5 + 0.5 * everywhere, abs=0.08)


def test_slices_are_counted(cases: list[SlicedCase]) -> None:
    made = sampler(cases)
    assert made.slices == 24
    with_tumour = sum(bool(case.reference_slice(i).any()) for case in cases for i in range(12))
    assert made.tumour_slices == with_tumour > 0


def test_without_augmentation_images_are_prepared_slices_in_their_canvas(cases: list[SlicedCase]) -> None:
    batch = sampler(cases, preset="none").batch(2, 6)
    known = {
        case.prepared(i, case.modalities, "zscore").tobytes(): case.reference_slice(i)
        for case in cases
        for i in range(len(case.slices))
    }
    for image, target in zip(batch.images, batch.targets, strict=True):
        cropped = np.ascontiguousarray(image[:, 1:23, :])  # 22 rows in a canvas of 24
        mask = known[cropped.tobytes()]
        bits = sum((target[region, 1:23] > 0).astype(np.uint8) << region for region in range(3))
        assert np.array_equal(bits, mask)
