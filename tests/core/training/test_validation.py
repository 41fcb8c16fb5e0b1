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
from core.training.validation import Validation, validate
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


def test_a_region_that_no_reference_has_counts_in_no_mean() -> None:
    assert Validation(0.1, {"WT": 0.8, "TC": 0.6, "ET": None}).score == pytest.approx(0.7)
    assert Validation(0.1, {"WT": None}).score == 0.0
