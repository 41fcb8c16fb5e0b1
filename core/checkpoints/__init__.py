"""The only room that reads and writes weights, and finds a checkpoint by what a user calls it."""

from __future__ import annotations

import re
from pathlib import Path

from core.atomic import read_json
from core.case import SAFE_NAME
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
from core.checkpoints.runtime import Runtime, computes_here, runtime_of
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
    "Runtime",
    "checkpoint_id",
    "computes_here",
    "copy_checkpoint",
    "derive_checkpoint",
    "ensemble_id",
    "join_checkpoints",
    "key_of",
    "load_model",
    "load_weights",
    "made_names",
    "new_name",
    "onnx_file_named",
    "onnx_model",
    "onnx_names",
    "read_checkpoint",
    "read_onnx",
    "resolve_checkpoint",
    "runtime_of",
    "sealed",
    "shipped_names",
    "write_checkpoint",
    "write_ensemble",
]

POINTERS = ("best", "last")
NAME_OF_A_RUN = re.compile(r".*-\d{4,}")


def resolve_checkpoint(workspace: Workspace, reference: str) -> Checkpoint:
    """Find a checkpoint by what a user calls it.

    A folder goes before an ONNX file of the same name, unless it holds nothing that this machine can compute.

    Args:
        workspace: where runs are.
        reference: a folder; an ONNX file; a run (its best checkpoint, else its last); `RUN@last`; the name of a
            shipped checkpoint or of one made in the workspace, such as an ensemble, or an ONNX file that lies there.

    Raises:
        NotInWorkspaceError: nothing is called that; the message lists what is.
        CheckpointError: it is there but unusable.
    """
    path = Path(reference)
    if (path / CARD).is_file():
        return read_checkpoint(path)
    if path.suffix == Path(ONNX).suffix and path.is_file():
        return read_onnx(path)
    files = onnx_names(workspace)
    folder = _folder_named(workspace, reference)
    if reference in files and (folder is None or not computes_here(folder)):
        return read_onnx(onnx_file_named(workspace, reference))
    if folder is not None:
        return read_checkpoint(folder)
    known = dict.fromkeys([*shipped_names(), *made_names(workspace), *workspace.run_names(), *files])
    raise NotInWorkspaceError(f"no checkpoint at {reference!r}; give a folder, or one of: {', '.join(known) or 'none'}")


def _folder_named(workspace: Workspace, reference: str) -> Path | None:
    if (SHIPPED_CHECKPOINTS / reference / CARD).is_file() and "/" not in reference:
        return SHIPPED_CHECKPOINTS / reference
    if reference in made_names(workspace):
        return workspace.made_checkpoint(reference)
    run, _, which = reference.partition("@")
    if run not in workspace.run_names():
        return None
    if which not in ("", *POINTERS):
        raise NotInWorkspaceError(f"{reference!r}: a run has {' and '.join(POINTERS)}, not {which!r}")
    for pointer in [which] if which else POINTERS:
        path = workspace.run_folder(run) / f"{pointer}.json"
        if path.is_file():
            return path.parent / str(read_json(path)["folder"])
    raise NotInWorkspaceError(f"run {run} has no {which or 'finished'} checkpoint yet")


def shipped_names() -> list[str]:
    """Return the names of the checkpoints that come with the program."""
    return sorted(path.parent.name for path in SHIPPED_CHECKPOINTS.glob(f"*/{CARD}"))


def made_names(workspace: Workspace) -> list[str]:
    """Return the names of the checkpoints that were made from others: ensembles, and those with a temperature."""
    names = (path.parent.name for path in workspace.made_checkpoints.glob(f"*/{CARD}"))
    return sorted(name for name in names if SAFE_NAME.fullmatch(name))  # one that is being written has another


def onnx_names(workspace: Workspace) -> list[str]:
    """Return the names of the checkpoints that are one ONNX file each, beside those that were made from others."""
    stems = (path.stem for path in workspace.made_checkpoints.glob(f"*{Path(ONNX).suffix}") if path.is_file())
    return sorted(stem for stem in stems if SAFE_NAME.fullmatch(stem))


def onnx_file_named(workspace: Workspace, name: str) -> Path:
    """Return where the workspace has a checkpoint that is one ONNX file."""
    folder = workspace.made_checkpoint(name)
    return folder.with_name(f"{name}{Path(ONNX).suffix}")


def new_name(workspace: Workspace, name: str) -> Path:
    """Return the folder of a checkpoint that is about to be made.

    Raises:
        NotInWorkspaceError: it is no plain name.
        CheckpointError: the name is taken, or is one that a run may get.
    """
    folder = workspace.made_checkpoint(name)
    if name in (*shipped_names(), *workspace.run_names(), *onnx_names(workspace)) or folder.exists():
        raise CheckpointError(f"{name!r} is taken by another checkpoint or run; choose another name")
    if NAME_OF_A_RUN.fullmatch(name):
        raise CheckpointError(f"{name!r} is a name that a run may get; choose one that does not end in a number")
    return folder
