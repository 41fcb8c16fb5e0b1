"""The only reader of weights: safetensors into the model that the card names, strictly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.checkpoints.folder import Checkpoint, CheckpointError

if TYPE_CHECKING:
    from torch import nn


def load_model(checkpoint: Checkpoint) -> nn.Module:
    """Build the checkpoint's model, load its weights strictly, and switch it to evaluation.

    Raises:
        CheckpointError: the weights are damaged or do not fit the architecture that the card names, or it is an
            ensemble, which has as many models as members, or an ONNX file, which has no weights for torch.
    """
    from core.models import build_model

    weights = checkpoint.weights
    spec = checkpoint.spec
    model = build_model(spec.architecture, spec.inputs, spec.outputs, spec.arguments)
    load_weights(model, weights)
    return model.eval()


def load_weights(model: nn.Module, path: Path) -> None:
    """Load a safetensors file into a model; half-precision weights are widened.

    Raises:
        CheckpointError: the file is damaged, or a name or shape differs.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.parent.name}: the weights cannot be read ({error}); copy them again") from None
    expected = model.state_dict()
    wrong = sorted(
        name
        for name in expected.keys() | state.keys()
        if name not in state or name not in expected or state[name].shape != expected[name].shape
    )
    if wrong:
        raise CheckpointError(
            f"{path.parent.name}: {len(wrong)} tensors do not fit the architecture in the card (first: {wrong[0]})"
        )
    model.load_state_dict({name: tensor.to(expected[name].dtype) for name, tensor in state.items()})
    if not all(torch.isfinite(tensor).all() for tensor in model.state_dict().values()):
        raise CheckpointError(f"{path.parent.name}: the weights hold NaN or infinite numbers")
