"""Put chosen weights into a model's encoder, strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.models import model_named
from core.pretrained.convert import tensors_of
from core.pretrained.errors import WeightsRefusedError
from core.pretrained.fit import fit_encoder
from core.pretrained.sources import find_weights
from core.workspace import Workspace

if TYPE_CHECKING:
    from torch import nn

# where `core.models` keeps the encoder of a model that has one
ENCODER = "net.encoder"


@dataclass(frozen=True, slots=True)
class WeightsFacts:
    """What the encoder started from, for the card.

    Attributes:
        source: `none`, or where the weights came from; never a path.
        sha256: of the file as it was published, or None.
        licence: the weights' terms, or None.
        dropped: tensors of the file that the encoder has no use for, such as its classifier.
    """

    source: str
    sha256: str | None
    licence: str | None
    dropped: tuple[str, ...] = ()


def load_encoder_weights(
    model: nn.Module,
    architecture: str,
    arguments: Mapping[str, Any],
    weights: str,
    cache_dir: Path | None = None,
) -> WeightsFacts:
    """Load pretrained weights into a freshly built model, or leave it random because that was chosen.

    Args:
        model: as built by `build_model`; its encoder is changed in place.
        architecture: the model's name.
        arguments: the model's arguments.
        weights: `none`, `imagenet`, or the path of a `.safetensors` file or a PyTorch state dict.
        cache_dir: where converted and downloaded files are kept; by default in the workspace.

    Returns:
        What was loaded, for the card.

    Raises:
        WeightsUnavailableError: the weights are neither here nor to be had; the message names the file to supply.
        WeightsRefusedError: the file is damaged, no weights at all, or another network's.
    """
    if weights == "none":
        return WeightsFacts("none", None, None)
    encoder = model_named(architecture).encoder(arguments)
    if encoder is None:
        raise WeightsRefusedError(
            f"found encoder_weights = {weights!r}, but {architecture} has no encoder that pretrained weights fit; "
            "set model.encoder_weights to none, or choose smp_unet"
        )
    cache = cache_dir or Workspace.default().root / "cache" / "weights"
    found = find_weights(encoder, weights, cache)
    module = model.get_submodule(ENCODER)
    fitted = fit_encoder(tensors_of(found.path, cache), module.state_dict(), encoder, found.path.name)
    module.load_state_dict(fitted.state, strict=True)
    return WeightsFacts(found.source, found.sha256, found.licence, fitted.dropped)
