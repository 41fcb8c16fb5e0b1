"""MAnet: a U-Net on a pretrained encoder whose decoder attends to places and to channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from core.models.smp import SmpDecoderArguments, always_batch_norm, build_smp, encoder_name, halvings_stride
from core.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn


class MAnetArguments(SmpDecoderArguments):
    """Arguments of smp's MAnet."""

    attention_channels: int = Field(
        default=64, ge=1, le=1024, description="Feature maps in which the coarsest level's places are compared."
    )


def _build(in_channels: int, out_channels: int, arguments: MAnetArguments) -> nn.Module:
    return build_smp(
        "MAnet",
        in_channels,
        out_channels,
        arguments,
        decoder_pab_channels=arguments.attention_channels,
        **arguments.options(),
    )


MANET = ModelSpec(
    name="manet",
    title="MAnet",
    paper="Fan et al. MA-Net: A Multi-Scale Attention Network for Liver and Tumor Segmentation. IEEE Access 2020.",
    dims=2,
    arguments=MAnetArguments,
    builder=_build,
    stride_of=halvings_stride,
    batch_norm_of=always_batch_norm,
    encoder_of=encoder_name,
    small={
        "encoder": "tu-test_efficientnet",
        "decoder_channels": (32, 16, 16, 8, 8),
        "attention_channels": 8,
    },
)
