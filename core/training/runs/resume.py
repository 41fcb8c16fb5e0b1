"""The state that a run resumes from: raw weights, optimiser, average and step, as safetensors and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.atomic import replacing

if TYPE_CHECKING:
    import torch
    from torch import nn

RESUME_TENSORS = "resume.safetensors"
RESUME_FACTS = "resume.json"
RESUME_FILES = (RESUME_TENSORS, RESUME_FACTS)


def resume_files(
    model: nn.Module, optimizer: torch.optim.Optimizer, facts: dict[str, Any], average: nn.Module | None = None
) -> dict[str, bytes]:
    """Return the files to write beside a checkpoint's weights.

    Args:
        model: raw weights.
        optimizer: its state per parameter; learning rates follow from the step and are not kept.
        facts: the step, and what else the run must remember.
        average: the moving average of the weights, where there is one.
    """
    from safetensors.torch import save

    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    if average is not None:
        tensors |= {f"average.{name}": tensor for name, tensor in average.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            if value is not None:
                tensors[f"optimizer.{index}.{key}"] = value
    return {
        RESUME_TENSORS: save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}),
        RESUME_FACTS: json.dumps(facts).encode(),
    }


def load_resume(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, average: nn.Module | None = None
) -> dict[str, Any]:
    """Restore weights, optimiser and average from a checkpoint folder and return its facts."""
    import torch
    from safetensors.torch import load_file

    kept: dict[str, dict[str, torch.Tensor]] = {"model": {}, "average": {}}
    states: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in load_file(folder / RESUME_TENSORS).items():
        owner, _, rest = name.partition(".")
        if owner == "optimizer":
            index, _, key = rest.partition(".")
            states.setdefault(int(index), {})[key] = tensor
        else:
            kept[owner][rest] = tensor
    model.load_state_dict(kept["model"])
    if average is not None:
        average.load_state_dict(kept["average"] or kept["model"])
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for number, state in states.items():
        like = parameters[number]
        for key, tensor in state.items():
            if tensor.shape == like.shape:  # a fused optimiser reads weights and state in one order of memory
                state[key] = torch.empty_like(like, dtype=tensor.dtype, requires_grad=False).copy_(tensor)
    optimizer.load_state_dict({"state": states, "param_groups": optimizer.state_dict()["param_groups"]})
    facts: dict[str, Any] = json.loads((folder / RESUME_FACTS).read_bytes())
    return facts


def rewrite_facts(folder: Path, facts: dict[str, Any]) -> None:
    """Replace what a run remembers at a checkpoint; weights and card stay as they are."""
    with replacing(folder / RESUME_FACTS) as stream:
        stream.write(json.dumps(facts).encode())
