"""The only room that reads and writes weights, and finds a checkpoint by what a user calls it."""

from __future__ import annotations

import re
from pathlib import Path

from core.atomic import read_json
from core.checkpoints.card import ADDED_LATER, Card, InferenceSpec
from core.checkpoints.deriving import derive_checkpoint
from core.checkpoints.ensemble import ensemble_id, join_checkpoints, write_ensemble
from core.checkpoints.folder import (
    CARD,
    WEIGHTS,
    Checkpoint,
    CheckpointError,
    checkpoint_id,
    copy_checkpoint,
    write_checkpoint,
)
from core.checkpoints.missing_cost import MissingCost, key_of
from core.checkpoints.onnx_file import ONNX, onnx_model, read_onnx, sealed
from core.checkpoints.reading import read_checkpoint
from core.checkpoints.weights import load_model, load_weights
from core.workspace import SHIPPED_CHECKPOINTS, NotInWorkspaceError, Workspace

__all__ = [
    "ADDED_LATER",
    "CARD",
    "ONNX",
    "WEIGHTS",
    "Card",
    "Checkpoint",
    "CheckpointError",
    "InferenceSpec",
    "MissingCost",
    "checkpoint_id",
    "copy_checkpoint",
    "derive_checkpoint",
    "ensemble_id",
    "join_checkpoints",
    "key_of",
    "load_model",
    "load_weights",
    "made_names",
    "new_name",
    "onnx_model",
    "read_checkpoint",
    "read_onnx",
    "resolve_checkpoint",
    "sealed",
    "shipped_names",
    "write_checkpoint",
    "write_ensemble",
]

POINTERS = ("best", "last")
NAME_OF_A_RUN = re.compile(r".*-\d{4,}")


def resolve_checkpoint(workspace: Workspace, reference: str) -> Checkpoint:
    """Find a checkpoint by what a user calls it.

    Args:
        workspace: where runs are.
        reference: a folder; an ONNX file; a run (its best checkpoint, else its last); `RUN@last`; the name of a
            shipped checkpoint or of one made in the workspace, such as an ensemble.

    Raises:
        NotInWorkspaceError: nothing is called that; the message lists what is.
        CheckpointError: it is there but unusable.
    """
    folder = Path(reference)
    if (folder / CARD).is_file():
        return read_checkpoint(folder)
    if folder.suffix == Path(ONNX).suffix and folder.is_file():
        return read_onnx(folder)
    if (SHIPPED_CHECKPOINTS / reference / CARD).is_file() and "/" not in reference:
        return read_checkpoint(SHIPPED_CHECKPOINTS / reference)
    if reference in made_names(workspace):
        return read_checkpoint(workspace.made_checkpoint(reference))
    run, _, which = reference.partition("@")
    if run in workspace.run_names():
        if which not in ("", *POINTERS):
            raise NotInWorkspaceError(f"{reference!r}: a run has {' and '.join(POINTERS)}, not {which!r}")
        for pointer in [which] if which else POINTERS:
            path = workspace.run_folder(run) / f"{pointer}.json"
            if path.is_file():
                return read_checkpoint(path.parent / read_json(path)["folder"])
        raise NotInWorkspaceError(f"run {run} has no {which or 'finished'} checkpoint yet")
    known = ", ".join([*shipped_names(), *made_names(workspace), *workspace.run_names()]) or "none"
    raise NotInWorkspaceError(f"no checkpoint at {reference!r}; give a folder, or one of: {known}")


def shipped_names() -> list[str]:
    """Return the names of the checkpoints that come with the program."""
    return sorted(path.parent.name for path in SHIPPED_CHECKPOINTS.glob(f"*/{CARD}"))


def made_names(workspace: Workspace) -> list[str]:
    """Return the names of the checkpoints that were made from others: ensembles, and those with a temperature."""
    return sorted(path.parent.name for path in workspace.made_checkpoints.glob(f"*/{CARD}"))


def new_name(workspace: Workspace, name: str) -> Path:
    """Return the folder of a checkpoint that is about to be made.

    Raises:
        NotInWorkspaceError: it is no plain name.
        CheckpointError: the name is taken, or is one that a run may get.
    """
    folder = workspace.made_checkpoint(name)
    if name in (*shipped_names(), *workspace.run_names()) or folder.exists():
        raise CheckpointError(f"{name!r} is taken by another checkpoint or run; choose another name")
    if NAME_OF_A_RUN.fullmatch(name):
        raise CheckpointError(f"{name!r} is a name that a run may get; choose one that does not end in a number")
    return folder
