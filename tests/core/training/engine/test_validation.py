"""Validation scores whole patients in 3D."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.data.slicing import join
from core.data.store import SlicedCase, open_case
from core.inference.device import Compute
from core.inference.predictor import Predictor
from core.losses import build_loss
from core.training.engine.validation import Validation, regions_in, validate
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id

CPU = Compute("cpu", bf16=False, channels_last=False)


class Oracle(torch.nn.Module):
    """Answers +9 where the case's FLAIR is bright and -9 elsewhere, for every region."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        bright = (images[:, 3:4] > 1.0).float() * 18 - 9
        return bright.expand(-1, 3, -1, -1)


@pytest.fixture
def cases(workspace: Workspace, small: Cohort) -> list[SlicedCase]:
    return [open_case(workspace.store_folder("small", case_id(n)), "axial") for n in (1, 2)]


def test_dice_is_that_of_the_whole_patient_by_hand(cases: list[SlicedCase]) -> None:
    predictor = Predictor(Oracle(), narrow.spec(), CPU)
    found = validate(predictor, cases, build_loss("bce_dice", {}))
    expected: dict[str, list[float]] = {"WT": [], "TC": [], "ET": []}
    for case in cases:
        prepared = case.prepared(np.arange(len(case.slices)), case.modalities, "zscore")
        predicted = join(prepared[:, 3] > 1.0, "axial")
        assert case.reference is not None
        for bit, region in enumerate(expected):
            reference = case.reference >> bit & 1 == 1
            both = np.count_nonzero(predicted & reference)
            expected[region].append(2 * both / (np.count_nonzero(predicted) + np.count_nonzero(reference)))
    assert found.dice == pytest.approx({region: np.mean(values) for region, values in expected.items()})
    assert found.dice["WT"] == 1.0, "the made-up tumour is exactly what is bright in FLAIR"
    assert found.score == pytest.approx(np.mean([v for v in found.dice.values() if v is not None]))


def test_what_is_scored_is_the_cleaned_mask_by_the_voxel_sizes_of_each_patient(cases: list[SlicedCase]) -> None:
    """No tumour has 2 ml, so that a smallest component of 2 ml leaves nothing where voxels have a size."""
    spec = narrow.spec(post=[{"name": "smallest_component", "arguments": {"ml": 2}}])
    loss, sizes = build_loss("bce_dice", {}), {cases[0].case_id: (1.0, 1.5, 2.0), cases[1].case_id: None}
    assert validate(Predictor(Oracle(), spec, CPU), cases, loss, sizes).dice["WT"] == pytest.approx((0 + 1) / 2)
    assert validate(Predictor(Oracle(), spec, CPU), cases, loss).dice["WT"] == 1.0


def test_iou_and_accuracy_are_those_of_the_whole_patient_by_hand(cases: list[SlicedCase]) -> None:
    """Accuracy counts every voxel of the image in every region, air included."""
    found = validate(Predictor(Oracle(), narrow.spec(), CPU), cases, build_loss("bce_dice", {}))
    iou: dict[str, list[float]] = {"WT": [], "TC": [], "ET": []}
    right = []
    for case in cases:
        prepared = case.prepared(np.arange(len(case.slices)), case.modalities, "zscore")
        predicted = join(prepared[:, 3] > 1.0, "axial")
        assert case.reference is not None
        wrong = 0
        for bit, region in enumerate(iou):
            reference = case.reference >> bit & 1 == 1
            both = np.count_nonzero(predicted & reference)
            iou[region].append(both / np.count_nonzero(predicted | reference))
            wrong += np.count_nonzero(predicted != reference)
        right.append(1 - wrong / (3 * np.prod(case.shape)))
    assert found.iou == pytest.approx({region: np.mean(values) for region, values in iou.items()})
    assert found.accuracy == pytest.approx(np.mean(right))


def test_accuracy_of_exclusive_classes_is_the_share_of_voxels_in_their_class(cases: list[SlicedCase]) -> None:
    """A model that sees background everywhere is right wherever there is no tumour."""

    class Nothing(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.tensor([9.0, 0, 0, 0]).reshape(1, 4, 1, 1).expand(len(images), 4, *images.shape[2:])

    spec = narrow.spec(target="classes", class_bits=(0, 3, 1, 7))
    found = validate(Predictor(Nothing(), spec, CPU), cases, lambda logits, _targets: logits.mean())
    free = [1 - np.count_nonzero(np.asarray(case.reference)) / np.prod(case.shape) for case in cases]
    assert found.accuracy == pytest.approx(np.mean(free))


def test_regions_of_a_part_are_those_that_any_patient_has(cases: list[SlicedCase]) -> None:
    assert regions_in(cases, ("WT", "TC", "ET")) == {"WT", "TC", "ET"}
    assert regions_in(cases, ("WT", "TC", "ET", "RC")) == {"WT", "TC", "ET"}
    assert regions_in([], ("WT",)) == set()


def test_a_region_that_no_reference_has_counts_in_no_mean() -> None:
    assert Validation(0.1, {"WT": 0.8, "TC": 0.6, "ET": None}).score == pytest.approx(0.7)
    assert Validation(0.1, {"WT": None}).score == 0.0
