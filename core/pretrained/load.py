"""Put chosen weights into a model's encoder, strictly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.models import model_named
from core.pretrained.convert import tensors_of
from core.pretrained.errors import WeightsRefusedError
from core.pretrained.facts import WeightsFacts
from core.pretrained.fit import fit_encoder
from core.pretrained.run_encoder import checkpoint_meant, encoder_of, encoder_tensors, load_run_encoder
from core.pretrained.sources import find_weights
from core.workspace import Workspace

if TYPE_CHECKING:
    from torch import nn


def load_encoder_weights(
    model: nn.Module,
    architecture: str,
    arguments: Mapping[str, Any],
    weights: str,
    cache_dir: Path | None = None,
    workspace: Workspace | None = None,
) -> WeightsFacts:
    """Load pretrained weights into a freshly built model, or leave it random because that was chosen.

    Args:
        model: as built by `build_model`; its encoder is changed in place.
        architecture: the model's name.
        arguments: the model's arguments.
        weights: `none`, `imagenet`, `run:NAME` (another run's encoder), a checkpoint's folder, or the path of a
            `.safetensors` file or a PyTorch state dict.
        cache_dir: where converted and downloaded files are kept; by default in the workspace.
        workspace: where `run:NAME` is looked up; the default one if left out.

    Returns:
        What was loaded, for the card.

    Raises:
        WeightsUnavailableError: the weights are neither here nor to be had; the message names the file to supply.
        WeightsRefusedError: the file is damaged, no weights at all, or another network's.
        CheckpointError: the run's checkpoint is unusable.
    """
    if weights == "none":
        return WeightsFacts("none", None, None)
    workspace = workspace or Workspace.default()
    cache = cache_dir or workspace.root / "cache" / "weights"
    if checkpoint := checkpoint_meant(weights, workspace):
        return load_run_encoder(model, architecture, checkpoint, cache)
    encoder = model_named(architecture).encoder(arguments)
    if encoder is None:
        raise WeightsRefusedError(
            f"found encoder_weights = {weights!r}, but {architecture} has no encoder that pretrained weights fit; "
            "set model.encoder_weights to none or to another run's with run:NAME, or choose smp_unet"
        )
    found = find_weights(encoder, weights, cache)
    module = encoder_of(model, architecture)
    tensors = tensors_of(found.path, cache)
    if encoder_tensors(tensors):
        raise WeightsRefusedError(
            f"{found.path.name} holds a whole model of this program without its card, which says whose scans it has "
            "seen; give the checkpoint's folder, or run:NAME"
        )
    fitted = fit_encoder(tensors, module.state_dict(), encoder, found.path.name)
    module.load_state_dict(fitted.state)  # strict by default; some of smp's encoders take no such word
    return WeightsFacts(found.source, found.sha256, found.licence, fitted.dropped)
