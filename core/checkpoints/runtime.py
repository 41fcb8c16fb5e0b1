"""Which runtime computes a checkpoint on this machine: torch, or ONNX Runtime where there is no torch."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from core.checkpoints.folder import WEIGHTS, Checkpoint, CheckpointError
from core.checkpoints.onnx_file import ONNX

Runtime = Literal["torch", "onnx"]


@cache
def torch_is_here() -> bool:
    """Tell whether torch is installed, without loading it."""
    return find_spec("torch") is not None


def runtime_of(checkpoint: Checkpoint) -> Runtime:
    """Return what computes a checkpoint here.

    ONNX Runtime computes one that is an ONNX file and, where torch is not installed, one with an ONNX model beside
    its weights; torch computes the others. All members of an ensemble are computed by the same.

    Raises:
        CheckpointError: neither can; the message says how to export it.
    """
    members = checkpoint.members or (checkpoint,)
    files = [member for member in members if member.onnx]
    here = torch_is_here()
    if here and not files:
        return "torch"
    without = [member for member in members if not (member.onnx or member.folder / ONNX).is_file()]
    if not without:
        return "onnx"
    lacking = without[0].card.run
    if here:
        raise CheckpointError(
            f"{files[0].card.run} is an ONNX file and {lacking} has weights for torch alone, and one runtime computes "
            f"all of an ensemble; write {lacking} as ONNX too, with python -m core export REF --format onnx"
        )
    raise CheckpointError(
        f"torch is not installed here, and {lacking} has no ONNX model; where torch is, write one with "
        f"python -m core export REF --format onnx, and put the file into the folder checkpoints of this workspace"
    )


def computes_here(place: Path) -> bool:
    """Tell from the files alone whether there is a runtime for a checkpoint: a folder, or an ONNX file."""
    if place.is_file() or torch_is_here():
        return True
    weights = list(place.rglob(WEIGHTS))
    return bool(weights) and all((file.parent / ONNX).is_file() for file in weights)
