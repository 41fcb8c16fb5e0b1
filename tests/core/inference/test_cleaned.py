"""The mask that a checkpoint gives: cleaned up where its card says so, by the voxel sizes of the case at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.checkpoints import Checkpoint
from core.data.load import load_regions
from core.evaluation.contenders import Contender
from core.evaluation.convention_table import convention_value
from core.evaluation.evaluate import evaluate
from core.evaluation.saved import saved_scores
from core.evaluation.saved_conventions import saved_conventions
from core.evaluation.scoring import score_case
from core.inference.adopting import adopt_predictions
from core.inference.cleaned import cleaned_mask
from core.inference.device import Compute
from core.inference.prediction import Prediction
from core.inference.segment import Segmenter, prediction_folder
from core.postprocess import clean
from core.volume import Box, Geometry
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id

ONE = case_id(1)
CPU = Compute("cpu", bf16=False, channels_last=False)
STEP = {"name": "smallest_component", "arguments": {"ml": 0.01, "voxels": 4}}


def three_and_five() -> Prediction:
    """Two pieces of WT: three voxels and five."""
    q = np.zeros((3, 8, 8, 2), np.uint8)
    q[0, 0, :3, 0], q[0, 4, :5, 1] = 200, 200
    return Prediction(q, Box.whole((8, 8, 2)), (8, 8, 2), ("WT", "TC", "ET"), (128, 128, 128), "x")


@pytest.mark.parametrize(
    ("edges_mm", "left"),
    [((1, 1, 4), 8), ((1, 1, 3), 5), ((1, 1, 1), 0), ((2, 2, 2), 8), (None, 5)],
)
def test_the_same_voxels_are_cleaned_by_their_size_in_the_case(edges_mm: tuple[int, ...] | None, left: int) -> None:
    """0.01 ml are 10 mm3: three voxels of 4 mm3 are 12 and stay, of 3 mm3 they are 9 and go."""
    geometry = Geometry(np.diag([*map(float, edges_mm), 1.0])) if edges_mm else None
    assert cleaned_mask(three_and_five(), narrow.spec(post=[STEP]), geometry).sum() == left
    assert cleaned_mask(three_and_five(), narrow.spec(), geometry).sum() == 8


@pytest.fixture
def cleaning(tmp_path: Path) -> Checkpoint:
    steps = [{"name": "opening", "arguments": {"mm": 2.0}}, {"name": "largest_component"}]
    return narrow.checkpoint(tmp_path / "cleaning", inference=narrow.spec(post=steps))


def test_scores_are_of_the_cleaned_mask_and_before_clean_up_of_the_raw_one(
    workspace: Workspace, small: Cohort, cleaning: Checkpoint
) -> None:
    entry = small.cases[ONE]
    prediction = Segmenter(workspace, CPU).segment_stored(small, ONE, cleaning)
    assert entry.case.reference is not None
    assert entry.geometry is not None
    reference, _ = load_regions(entry.case.reference, small.scheme, entry.grid)
    raw = prediction.mask()
    mask = clean(raw, prediction.regions, entry.geometry.spacing_mm, cleaning.spec.post)
    assert (mask != raw).any(), "there is something to clean"
    scores = saved_scores(workspace, small, ONE, cleaning)
    ways = saved_conventions(workspace, small, ONE, cleaning)
    assert scores == score_case(mask, reference, prediction.regions, entry.geometry)
    assert ways is not None
    before = score_case(raw, reference, prediction.regions, entry.geometry)
    for region in prediction.regions:
        assert convention_value(ways, "patient", region) == scores[region]["dice"]
        assert convention_value(ways, "before-clean-up", region) == before[region]["dice"]
    assert before["WT"]["dice"] != scores["WT"]["dice"]


def test_evaluate_scores_the_cleaned_mask_too(workspace: Workspace, small: Cohort, cleaning: Checkpoint) -> None:
    segmenter = Segmenter(workspace, CPU)
    document = evaluate(segmenter, small, [Contender("m", (cleaning,))], None, None)
    scores = saved_scores(workspace, small, ONE, cleaning)
    assert scores is not None
    assert document["models"]["m"]["cases"][ONE]["WT"]["dice"] == scores["WT"]["dice"]


def test_predictions_are_taken_over_where_the_probabilities_are_the_same(
    workspace: Workspace, small: Cohort, cleaning: Checkpoint, tmp_path: Path
) -> None:
    plain = narrow.checkpoint(tmp_path / "plain")
    Segmenter(workspace, CPU).segment_stored(small, ONE, plain)
    assert adopt_predictions(workspace, plain, cleaning) == 1
    assert adopt_predictions(workspace, plain, cleaning) == 0, "they are there"
    kept, own = (Prediction.load(prediction_folder(workspace, c, small.cases[ONE].content)) for c in (plain, cleaning))
    np.testing.assert_array_equal(kept.probabilities, own.probabilities)
    assert own.checkpoint_id == cleaning.id
    warm = narrow.checkpoint(tmp_path / "warm", inference=narrow.spec(temperature=2.0))
    with pytest.raises(ValueError, match="differ in more than thresholds and clean-up"):
        adopt_predictions(workspace, plain, warm)
