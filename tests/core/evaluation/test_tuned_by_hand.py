"""What a person chose on a validation patient may be kept; on any other patient it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.checkpoints import Checkpoint, made_names, read_checkpoint, write_ensemble
from core.evaluation.tuned_by_hand import tune_by_hand, why_not_by_hand
from core.evaluation.tuning import TuningRefusedError
from core.postprocess import Step
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id

ONE, FIVE, SIX = case_id(1), case_id(5), case_id(6)
STEPS = [Step(name="fill_holes")]


@pytest.fixture
def checkpoint(tmp_path: Path, small: Cohort) -> Checkpoint:
    """Trained on the first patient, tuned on the fifth."""
    content = {case: list(small.cases[case].content.values()) for case in (ONE, FIVE)}
    return narrow.checkpoint(tmp_path / "m", train={ONE: content[ONE]}, validation={FIVE: content[FIVE]})


def test_on_a_validation_patient_it_is_a_new_checkpoint(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint
) -> None:
    assert why_not_by_hand(checkpoint, small, FIVE) == ""
    made = tune_by_hand(workspace, checkpoint, "mine", small, FIVE, (100, 128, 150), STEPS)
    assert made.id == read_checkpoint(workspace.made_checkpoint("mine")).id != checkpoint.id
    assert (made.spec.thresholds, made.spec.post) == ((100, 128, 150), tuple(STEPS))
    assert made.card.tuning == {
        "method": "by hand", "from_checkpoint": checkpoint.id, "part": "validation", "cases": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        (SIX, f"the model is tested on this patient, and .* choose a validation patient: {FIVE}"),
        (ONE, f"the model trains on this patient, and .* choose a validation patient: {FIVE}"),
    ],
)
def test_on_a_patient_of_another_part_nothing_is_kept(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, case: str, sentence: str
) -> None:
    with pytest.raises(TuningRefusedError, match=sentence):
        tune_by_hand(workspace, checkpoint, "mine", small, case, (100, 128, 150), STEPS)
    assert made_names(workspace) == []


def test_of_an_ensemble_what_is_kept_is_every_members(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    content = list(small.cases[FIVE].content.values())
    twin = narrow.checkpoint(tmp_path / "twin", seed=1, validation={FIVE: content})
    write_ensemble(workspace.made_checkpoint("both"), "both", [checkpoint, twin])
    both = read_checkpoint(workspace.made_checkpoint("both"))
    assert why_not_by_hand(both, small, FIVE) == ""
    assert why_not_by_hand(both, small, ONE).startswith("the model trains on this patient")
    made = tune_by_hand(workspace, both, "mine", small, FIVE, (100, 128, 150), STEPS)
    assert [member.spec.thresholds for member in made.members] == [(100, 128, 150)] * 2
    assert (made.spec.post, made.card.tuning is None) == (tuple(STEPS), False)


def test_what_it_has_already_and_a_model_without_such_patients_are_refused(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    with pytest.raises(TuningRefusedError, match="has these thresholds and this clean-up already"):
        tune_by_hand(workspace, checkpoint, "mine", small, FIVE, (128, 128, 128), [])
    bare = narrow.checkpoint(tmp_path / "bare")
    assert why_not_by_hand(bare, small, FIVE).endswith("it has no validation patient in this cohort")
