"""Batches are a function of seed, step and sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core.data.augment import Augmenter, augment_settings
from core.data.store import SlicedCase, open_case
from core.recipe import DataSection
from core.training.sampling import SliceSampler
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
