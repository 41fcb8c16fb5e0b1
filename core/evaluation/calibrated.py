"""A checkpoint with a fitted temperature: a new one, for what it predicts is not what the old one did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.checkpoints import Checkpoint, copy_checkpoint, load_model, new_name, read_checkpoint
from core.data.load import load_case
from core.data.store import SlicedCase, has_plane, open_case, slice_case
from core.evaluation.temperature import OVER, CalibrationRefusedError, Fitted, fit_temperature, sample_logits
from core.evaluation.validation_part import validation_part
from core.inference.device import Compute
from core.inference.predictor import Predictor
from core.workspace import Cohort, Workspace

OnCase = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What was written, and what the temperature changes on the validation part."""

    name: str
    checkpoint: Checkpoint
    before: Checkpoint
    fitted: Fitted
    cases: int

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "checkpoint_id": self.checkpoint.id,
            "temperature": self.checkpoint.spec.temperature,
            **(self.checkpoint.card.calibration or {}),
        }


def calibrate_checkpoint(
    workspace: Workspace,
    checkpoint: Checkpoint,
    name: str,
    compute: Compute,
    on_case: OnCase = lambda _done, _total: None,
) -> Calibrated:
    """Fit a temperature on the patients that a checkpoint was tuned on, and write a new checkpoint that has it.

    Args:
        workspace: where the cohort is, and where the new checkpoint goes.
        checkpoint: with weights; it stays as it is.
        name: of the new one.
        compute: where the network runs.
        on_case: told how many patients of how many are done.

    Raises:
        CalibrationRefusedError: it has no validation part, or that is not in the workspace any more, or no temperature
            can be fitted.
        CheckpointError, NotInWorkspaceError: the name is taken or none, or the cohort is gone.
    """
    folder = new_name(workspace, name)
    if checkpoint.members:
        raise CalibrationRefusedError(
            f"{checkpoint.card.run} is an ensemble, which has no temperature; calibrate its members and make it of them"
        )
    cases = validation_cases(workspace, checkpoint)
    predictor = Predictor(load_model(checkpoint), checkpoint.spec, compute)
    fitted = fit_temperature(sample_logits(predictor, cases, lambda done: on_case(done, len(cases))))
    # logits were divided by what the checkpoint had before
    temperature = round(checkpoint.spec.temperature * fitted.temperature, 4)
    spec = checkpoint.spec.model_copy(update={"temperature": temperature})
    card = checkpoint.card.model_copy(
        update={"inference": spec, "calibration": _provenance(checkpoint, fitted, len(cases))}
    )
    copy_checkpoint(checkpoint, folder, card)
    return Calibrated(name, read_checkpoint(folder), checkpoint, fitted, len(cases))


def validation_cases(workspace: Workspace, checkpoint: Checkpoint) -> list[SlicedCase]:
    """Open the patients that a checkpoint was tuned on, as its card lists them, with their references.

    Raises:
        CalibrationRefusedError: there are none, or one is not there any more, with the voxels it had then.
        NotInWorkspaceError: the cohort is gone.
    """
    cohort, cases = validation_part(workspace, checkpoint, "a temperature is fitted", CalibrationRefusedError)
    return [_open(workspace, cohort, case_id, checkpoint) for case_id in cases]


def _open(workspace: Workspace, cohort: Cohort, case_id: str, checkpoint: Checkpoint) -> SlicedCase:
    plane = checkpoint.spec.plane
    folder = workspace.store_folder(cohort.name, case_id)
    if (folder / "prepared.json").exists() and has_plane(folder, plane):
        sliced = open_case(folder, plane)
    else:
        loaded = load_case(cohort.cases[case_id].case, cohort.scheme)
        sliced = slice_case(case_id, loaded.volume, loaded.reference, plane)
    if sliced.reference is None:
        raise CalibrationRefusedError(f"{case_id} has no reference mask any more; import {cohort.name} again with it")
    return sliced


def _provenance(checkpoint: Checkpoint, fitted: Fitted, cases: int) -> dict[str, Any]:
    return {
        "method": "temperature",
        "from_checkpoint": checkpoint.id,
        "part": "validation",
        "cases": cases,
        "voxels": fitted.voxels,
        "over": OVER,
        "nll": {"before": round(fitted.nll_before, 6), "after": round(fitted.nll_after, 6)},
        "ece": {
            "before": {name: round(value, 6) for name, value in fitted.ece_before.items()},
            "after": {name: round(value, 6) for name, value in fitted.ece_after.items()},
        },
    }
