"""A checkpoint made of another: the same weights, and a card that decides otherwise or says more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.checkpoints.ensemble import write_ensemble
from core.checkpoints.folder import Checkpoint, checkpoint_id, copy_checkpoint


def derive_checkpoint(
    source: Checkpoint, folder: Path, says: Mapping[str, Any], decides: Mapping[str, Any] | None = None
) -> None:
    """Write a checkpoint with another's weights, or an ensemble with another's members, whole or not at all.

    Args:
        source: stays as it is.
        folder: the final name.
        says: fields of the card. The members of an ensemble, which share what they decide, say them too where
            anything is decided anew.
        decides: fields of the inference section, such as thresholds; None keeps it, and with it the id.

    Raises:
        CheckpointError: the source has no weights for torch.
    """
    if not source.members:
        copy_checkpoint(source, folder, _derived(source, says, decides).card)
        return
    members = [_derived(member, says, decides) if decides else member for member in source.members]
    write_ensemble(folder, folder.name, members, says)


def _derived(source: Checkpoint, says: Mapping[str, Any], decides: Mapping[str, Any] | None) -> Checkpoint:
    spec = source.spec.model_copy(update=dict(decides or {}))
    card = source.card.model_copy(update={**says, "inference": spec})
    return replace(source, id=checkpoint_id(source.weights, spec), card=card)
