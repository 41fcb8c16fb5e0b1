"""The state that a run resumes from: raw weights, optimiser and step, as safetensors and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn

RESUME_TENSORS = "resume.safetensors"
RESUME_FACTS = "resume.json"
RESUME_FILES = (RESUME_TENSORS, RESUME_FACTS)


def resume_files(model: nn.Module, optimizer: torch.optim.Optimizer, facts: dict[str, Any]) -> dict[str, bytes]:
    """Return the files to write beside a checkpoint's weights.

    Args:
        model: raw weights.
        optimizer: its state per parameter; learning rates follow from the step and are not kept.
        facts: the step, and what else the run must remember.
    """
    from safetensors.torch import save

    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            if value is not None:
                tensors[f"optimizer.{index}.{key}"] = value
    return {
        RESUME_TENSORS: save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}),
        RESUME_FACTS: json.dumps(facts).encode(),
    }


def load_resume(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Restore weights and optimiser from a checkpoint folder and return its facts."""
    from safetensors.torch import load_file

    weights: dict[str, torch.Tensor] = {}
    states: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in load_file(folder / RESUME_TENSORS).items():
        owner, _, rest = name.partition(".")
        if owner == "model":
            weights[rest] = tensor
        else:
            index, _, key = rest.partition(".")
            states.setdefault(int(index), {})[key] = tensor
    model.load_state_dict(weights)
    optimizer.load_state_dict({"state": states, "param_groups": optimizer.state_dict()["param_groups"]})
    facts: dict[str, Any] = json.loads((folder / RESUME_FACTS).read_bytes())
    return facts
