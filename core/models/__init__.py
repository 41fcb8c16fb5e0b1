"""The architectures: a registry that can be read, listed and validated without loading torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.arguments import Arguments
from core.errors import RefusedError
from core.models.attention_unet import ATTENTION_UNET
from core.models.deeplabv3plus import DEEPLABV3PLUS
from core.models.manet import MANET
from core.models.segformer import SEGFORMER
from core.models.segnet import SEGNET
from core.models.smp_unet import SMP_UNET
from core.models.smp_unetplusplus import SMP_UNETPLUSPLUS
from core.models.spec import ModelSpec
from core.models.swin_unetr import SWIN_UNETR
from core.models.transunet import TRANSUNET
from core.models.unet import UNET
from core.models.unetplusplus import UNETPLUSPLUS
from core.registry import look_up

if TYPE_CHECKING:
    from torch import nn

__all__ = ["MODELS", "ModelSpec", "UnknownModelError", "build_model", "model_named", "parameter_count"]


class UnknownModelError(RefusedError):
    """A model name that is not one of `MODELS`."""


MODELS: dict[str, ModelSpec] = {
    UNET.name: UNET,
    UNETPLUSPLUS.name: UNETPLUSPLUS,
    ATTENTION_UNET.name: ATTENTION_UNET,
    SEGNET.name: SEGNET,
    TRANSUNET.name: TRANSUNET,
    SWIN_UNETR.name: SWIN_UNETR,
    SMP_UNET.name: SMP_UNET,
    SMP_UNETPLUSPLUS.name: SMP_UNETPLUSPLUS,
    MANET.name: MANET,
    DEEPLABV3PLUS.name: DEEPLABV3PLUS,
    SEGFORMER.name: SEGFORMER,
}


def model_named(name: str) -> ModelSpec:
    """Return the spec of the model called `name`.

    Raises:
        UnknownModelError: no such model; the message lists the known ones.
    """
    return look_up(MODELS, name, "model", UnknownModelError)


def build_model(
    name: str, in_channels: int, out_channels: int, arguments: Mapping[str, Any] | Arguments | None = None
) -> nn.Module:
    """Build a model with fresh weights; nothing is ever downloaded here.

    Args:
        name: one of `MODELS`.
        in_channels: C, the number of modalities.
        out_channels: R, the number of regions or classes.
        arguments: the architecture's arguments; defaults where left out.

    Returns:
        Module from (N, C, H, W) float to logits (N, R, H, W), for any H and W.

    Raises:
        UnknownModelError: no such model.
        ArgumentError: an unknown argument or a value out of range.
    """
    spec = model_named(name)
    return spec.build(in_channels, out_channels, **dict(spec.parse(arguments or {})))


def parameter_count(module: nn.Module) -> int:
    """Count the numbers that training may change."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
