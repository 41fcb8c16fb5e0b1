"""Temperature scaling: the temperature that made the data is found, masks stay, and nothing is fitted on a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation
from scipy.optimize import minimize_scalar

from core.atomic import read_json
from core.checkpoints import CARD, WEIGHTS, Checkpoint, CheckpointError, read_checkpoint
from core.data.load import load_regions
from core.data.store import open_case
from core.evaluation import temperature as module
from core.evaluation.calibrated import calibrate_checkpoint, validation_cases
from core.evaluation.calibration import calibrate_case
from core.evaluation.temperature import CalibrationRefusedError, LogitSample, fit_temperature, minimise, sample_logits
from core.inference.device import Compute
from core.inference.predictor import Predictor
from core.inference.segment import Segmenter
from core.workspace import Cohort, NotInWorkspaceError, Workspace
from tests import narrow
from tests.cases import case_id

CPU = Compute("cpu", bf16=False, channels_last=False)
FIVE, SIX = case_id(5), case_id(6)


def drawn(temperature: float, exclusive: bool, n: int = 40_000) -> LogitSample:
    """Logits that are `temperature` times what the outcomes were drawn from."""
    rng = np.random.default_rng(3)
    true = rng.normal(0, 2, (n, 3)).astype(np.float32)
    if exclusive:
        shares = np.exp(true) / np.exp(true).sum(axis=1, keepdims=True)
        chosen = (rng.random((n, 1)) > shares.cumsum(axis=1)).sum(axis=1).clip(max=2)
        targets = np.eye(3, dtype=np.float32)[chosen]
    else:
        targets = (rng.random((n, 3)) < 1 / (1 + np.exp(-true))).astype(np.float32)
    return LogitSample(true * np.float32(temperature), targets, exclusive, ("a", "b", "c"))


@pytest.mark.parametrize("exclusive", [False, True], ids=["regions", "classes"])
@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_the_temperature_that_made_the_data_is_found_as_scipy_finds_it(temperature: float, exclusive: bool) -> None:
    sample = drawn(temperature, exclusive)
    fitted = fit_temperature(sample)
    oracle = minimize_scalar(sample.likelihood, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-5}).x
    assert fitted.temperature == pytest.approx(oracle, abs=2e-3)
    assert fitted.temperature == pytest.approx(temperature, rel=0.03)
    assert fitted.nll_after < fitted.nll_before
    assert all(fitted.ece_after[name] < fitted.ece_before[name] for name in "abc")
    assert max(fitted.ece_after.values()) < 0.02


def test_the_likelihood_by_hand() -> None:
    """Logit 2 at T = 2 is 1. A region that is there: log(1 + e^-1). Two classes, 1 apart: the same."""
    by_hand = np.log(1 + np.exp(-1))
    region = LogitSample(np.array([[2.0]], np.float32), np.ones((1, 1), np.float32), False, ("WT",))
    assert region.likelihood(2.0) == pytest.approx(by_hand, rel=1e-6)
    pair = LogitSample(np.array([[2.0, 4.0]], np.float32), np.array([[0, 1]], np.float32), True, ("b", "WT"))
    assert pair.likelihood(2.0) == pytest.approx(by_hand, rel=1e-6)


def test_the_search_finds_the_foot_of_a_valley() -> None:
    assert minimise(lambda x: (x - 1.234) ** 2, -3, 3) == pytest.approx(1.234, abs=1e-5)


def test_huge_logits_stay_numbers() -> None:
    logits = np.array([[1e4], [-1e4]], np.float32)
    for exclusive in (False, True):
        sample = LogitSample(np.hstack([logits, -logits]), np.eye(2, dtype=np.float32), exclusive, ("a", "b"))
        assert np.isfinite(sample.likelihood(0.05))
        assert sample.ece(0.05) == {"a": 0.0, "b": 0.0}


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        (LogitSample(np.zeros((0, 1), np.float32), np.zeros((0, 1), np.float32), False, ("WT",)), "have a voxel"),
        (
            LogitSample(np.array([[9.0], [-9.0]], np.float32), np.array([[1], [0]], np.float32), False, ("WT",)),
            "the fit ran to the end of its range",
        ),
    ],
    ids=["nothing", "separated without a fault"],
)
def test_what_teaches_no_temperature_is_refused(sample: LogitSample, sentence: str) -> None:
    with pytest.raises(CalibrationRefusedError, match=sentence):
        fit_temperature(sample)


def test_a_temperature_that_would_raise_the_error_is_refused() -> None:
    """70 voxels at 0.8 of which 56 are right, exactly calibrated; one sure and wrong voxel pulls the likelihood."""
    rare = np.full((1, 1), 30.0, np.float32)
    logits = np.concatenate([np.full((70, 1), np.log(4), np.float32), rare])
    targets = np.concatenate([np.ones((56, 1)), np.zeros((15, 1))]).astype(np.float32)
    with pytest.raises(CalibrationRefusedError, match=r"calibration error would rise from 0\.01408 to"):
        fit_temperature(LogitSample(logits, targets, False, ("WT",)))


@pytest.fixture
def tuned(tmp_path: Path, small: Cohort) -> Checkpoint:
    """A checkpoint that was tuned on patients five and six."""
    content = {case: list(small.cases[case].content.values()) for case in (FIVE, SIX)}
    return narrow.checkpoint(tmp_path / "tuned", validation=content)


class Nothing(torch.nn.Module):
    """Sees no tumour anywhere."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.full((len(images), 3, *images.shape[2:]), -5.0)


def test_the_sample_is_what_lies_near_the_masks(
    workspace: Workspace, tuned: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is predicted: the reference's slices, five pixels around it in each direction; or an even share."""
    cases = validation_cases(workspace, tuned)
    assert [case.case_id for case in cases] == [FIVE, SIX]
    predictor = Predictor(Nothing(), tuned.spec, CPU)
    sample = sample_logits(predictor, cases)
    near = tumour = 0
    for case in cases:
        reference = np.moveaxis(np.asarray(case.reference), 2, 0) & 1
        near += sum(int(binary_dilation(each, np.ones((11, 11))).sum()) for each in reference)
        tumour += int(reference.sum())
    assert sample.logits.shape == sample.targets.shape == (near, 3)
    assert sample.targets[:, 0].sum() == tumour
    monkeypatch.setattr(module, "MOST_VOXELS", 300)
    thinned = sample_logits(predictor, cases)
    assert 200 < len(thinned.logits) <= 300
    assert np.array_equal(thinned.targets, sample_logits(predictor, cases).targets), "the same every time"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"validation_content": {}}, "narrow-0001 has no validation part, and a temperature is fitted on nothing else"),
        (
            {"validation_content": {"gone": ["x"]}},
            "gone, of the validation part of narrow-0001, is not in",
        ),
        ({"validation_content": {case_id(1): ["x"]}}, "has other voxels by now in cohort small; import it again"),
        ({"members": ("a", "b")}, "narrow-0001 is an ensemble, which has no temperature"),
    ],
)
def test_without_its_validation_part_nothing_is_fitted_or_written(
    workspace: Workspace, tuned: Checkpoint, changes: dict[str, Any], sentence: str
) -> None:
    members = (tuned, tuned) if "members" in changes else ()
    changed = Checkpoint(tuned.folder, tuned.id, tuned.card.model_copy(update=changes), members)
    with pytest.raises(CalibrationRefusedError, match=sentence):
        calibrate_checkpoint(workspace, changed, "warm", CPU)
    assert not workspace.made_checkpoints.exists()


def test_a_cohort_that_is_gone_and_a_name_that_is_taken_are_refused(workspace: Workspace, tuned: Checkpoint) -> None:
    elsewhere = Checkpoint(tuned.folder, tuned.id, tuned.card.model_copy(update={"cohort": "large"}))
    with pytest.raises(NotInWorkspaceError, match="no cohort is called 'large'"):
        calibrate_checkpoint(workspace, elsewhere, "warm", CPU)
    workspace.made_checkpoint("warm").mkdir(parents=True)
    with pytest.raises(CheckpointError, match="'warm' is taken"):
        calibrate_checkpoint(workspace, tuned, "warm", CPU)


@pytest.mark.parametrize("target", ["regions", "classes"])
def test_a_trained_run_is_calibrated_on_its_validation_part_and_its_masks_stay(
    workspace: Workspace, small: Cohort, target: str
) -> None:
    """The error on the validation patients, of whole predictions as they are saved, does not rise."""
    from core.training.process import run_training
    from core.training.start import create_run, plan_run

    loss = {"name": "bce_dice"} if target == "regions" else {"name": "ce_dice"}
    recipe = narrow.recipe(target={"kind": target}, loss=loss, train={"max_steps": 24, "validate_every_steps": 24})
    run = create_run(workspace, recipe, plan_run(workspace, recipe, small.name, "default", None))
    run_training(workspace, run, "cpu", lambda _event: None)
    before = read_checkpoint(run.pointed("last") or pytest.fail("no checkpoint"))
    made = calibrate_checkpoint(workspace, before, "warm", CPU)
    after = read_checkpoint(workspace.made_checkpoint("warm"))
    assert after.id == made.checkpoint.id != before.id
    assert (after.folder / WEIGHTS).read_bytes() == (before.folder / WEIGHTS).read_bytes()
    assert after.spec == before.spec.model_copy(update={"temperature": made.fitted.temperature})
    assert made.fitted.temperature != 1
    assert after.card.calibration is not None
    assert after.card.calibration["from_checkpoint"] == before.id
    assert "calibration" in read_json(after.folder / CARD)
    (case,) = before.card.validation_content
    errors, masks = [], []
    ties = np.zeros(open_case(workspace.store_folder("small", case), "axial").box.shape, bool)
    for checkpoint in (before, after):
        prediction = Segmenter(workspace, CPU).segment_stored(small, case, checkpoint)
        source = small.cases[case].case.reference
        assert source is not None
        reference, _ = load_regions(source, small.scheme, small.cases[case].grid)
        found = calibrate_case(prediction, reference).near
        errors.append(np.mean([each.ece for each in found.values()]))
        masks.append(prediction.box.crop(prediction.mask()))
        if target == "classes":
            top = np.sort(prediction.probabilities, axis=0)[-2:]
            ties |= top[0] == top[1]
    assert errors[1] <= errors[0]
    assert not ((masks[0] != masks[1]) & ~ties).any()
