"""Predictions of a checkpoint taken over by one with the same probabilities and other thresholds or clean-up."""

from __future__ import annotations

from pathlib import Path

from core.atomic import new_folder, read_json, write_json
from core.checkpoints import Checkpoint
from core.checkpoints.folder import link_or_copy
from core.workspace import Workspace

FACTS = "prediction.json"


def adopt_predictions(workspace: Workspace, before: Checkpoint, after: Checkpoint) -> int:
    """Give a checkpoint the predictions that another has made; their voxels take no room of their own.

    An ensemble's members get those of the other's members too.

    Args:
        workspace: where predictions are kept.
        before: which made them.
        after: of the same weights, with the same inference section but for thresholds and clean-up.

    Returns:
        How many were taken over, those of members not counted.

    Raises:
        ValueError: the two have other probabilities.
    """
    decided_later = {"thresholds": after.spec.thresholds, "post": after.spec.post}
    if before.spec.model_copy(update=decided_later) != after.spec or len(before.members) != len(after.members):
        raise ValueError(f"{after.card.run} and {before.card.run} differ in more than thresholds and clean-up")
    for member, its in zip(before.members, after.members, strict=True):
        adopt_predictions(workspace, member, its)
    adopted = 0
    for kept in sorted((workspace.root / "predictions" / before.id).glob(f"*/{FACTS}")):
        adopted += _adopt(kept.parent, workspace.prediction_folder(after.id, kept.parent.name), after)
    return adopted


def _adopt(folder: Path, target: Path, after: Checkpoint) -> bool:
    if (target / FACTS).exists():
        return False
    facts = read_json(folder / FACTS)
    facts |= {"checkpoint_id": after.id, "thresholds": list(after.spec.thresholds)}
    with new_folder(target) as new:
        for array in folder.glob("*.npy"):
            link_or_copy(array, new / array.name)
        write_json(new / FACTS, facts)
    return True
