"""Thresholds and clean-up that a person chose while looking at validation patients, in a new checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

from core.checkpoints import Checkpoint, derive_checkpoint, new_name, read_checkpoint
from core.evaluation.contenders import seen_content, seen_part
from core.evaluation.tuning import TuningRefusedError
from core.inference.adopting import adopt_predictions
from core.postprocess import Step, check_steps
from core.workspace import Cohort, Workspace


def why_not_by_hand(checkpoint: Checkpoint, cohort: Cohort, case_id: str) -> str:
    """Return why nothing that is chosen on a case may be kept; empty where it may.

    Args:
        checkpoint: whose thresholds and clean-up are tried.
        cohort: of the case.
        case_id: what is looked at.
    """
    content = cohort.cases[case_id].content.values()
    if (part := seen_part(seen_content(checkpoint), list(content))) == "validation":
        return ""
    whose = "trains" if part == "train" else "is tested"
    validation = [name for name in checkpoint.card.validation_content if name in cohort.cases]
    advice = (
        f"choose a validation patient: {', '.join(validation[:3])}{' and so on' if len(validation) > 3 else ''}"
        if validation
        else "it has no validation patient in this cohort"
    )
    return f"the model {whose} on this patient, and what is chosen on it would flatter the model; {advice}"


def tune_by_hand(
    workspace: Workspace,
    checkpoint: Checkpoint,
    name: str,
    cohort: Cohort,
    case_id: str,
    thresholds: Sequence[int],
    steps: Sequence[Step],
) -> Checkpoint:
    """Write a checkpoint with thresholds and a clean-up that were chosen on one of its validation patients.

    Args:
        workspace: where it goes.
        checkpoint: with weights, or an ensemble; it stays as it is.
        name: of the new one.
        cohort: of the case.
        case_id: what was looked at.
        thresholds: one per region.
        steps: what follows.

    Raises:
        TuningRefusedError: the case is no validation patient of the checkpoint, or nothing was changed.
        CheckpointError, NotInWorkspaceError: the name is taken or none.
        StepError: a step is for a region that the checkpoint has not.
    """
    if why_not := why_not_by_hand(checkpoint, cohort, case_id):
        raise TuningRefusedError(f"this cannot be kept: {why_not}")
    spec = checkpoint.spec
    check_steps(steps, spec.regions)
    decides = {"thresholds": tuple(thresholds), "post": tuple(steps)}
    if spec.model_copy(update=decides) == spec:
        raise TuningRefusedError("the model has these thresholds and this clean-up already; change one of them first")
    folder = new_name(workspace, name)
    facts = {"method": "by hand", "from_checkpoint": checkpoint.id, "part": "validation", "cases": 1}
    derive_checkpoint(checkpoint, folder, {"tuning": facts}, decides)
    new = read_checkpoint(folder)
    adopt_predictions(workspace, checkpoint, new)
    return new
