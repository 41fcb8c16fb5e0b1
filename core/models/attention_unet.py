"""Attention U-Net: a U-Net whose skips pass through gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.models.spec import ModelSpec
from core.models.unet import UNetArguments, pooling_stride, uses_batch_norm

if TYPE_CHECKING:
    from torch import nn


class AttentionUNetArguments(UNetArguments):
    """Arguments of `UNetArguments`; without skips there would be nothing to gate."""

    skips: Literal[True] = Field(default=True, description="Always on: the gates sit on the skips.")


def _build(in_channels: int, out_channels: int, arguments: AttentionUNetArguments) -> nn.Module:
    from core.models.networks.attention_unet import AttentionUNet

    return AttentionUNet(in_channels, out_channels, arguments)


ATTENTION_UNET = ModelSpec(
    name="attention_unet",
    title="Attention U-Net",
    paper="Oktay et al. Attention U-Net: Learning Where to Look for the Pancreas. MIDL 2018.",
    dims=2,
    arguments=AttentionUNetArguments,
    builder=_build,
    stride_of=pooling_stride,
    batch_norm_of=uses_batch_norm,
    small={"channels": (8, 16, 32)},
)
