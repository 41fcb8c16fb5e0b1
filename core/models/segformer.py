"""SegFormer: a hierarchical transformer encoder and a decoder of nothing but 1 x 1 convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from core.models.smp import SmpArguments, Width, always_batch_norm, build_smp, encoder_name
from core.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn

STRIDE = 32


class SegFormerArguments(SmpArguments):
    """Arguments of smp's SegFormer."""

    encoder: str = Field(
        default="mit_b0",
        min_length=1,
        description="mit_b0 to mit_b5 as in the paper, or another encoder of segmentation-models-pytorch.",
    )
    decoder_channels: Width = Field(default=256, description="Feature maps to which every level is brought.")


def _build(in_channels: int, out_channels: int, arguments: SegFormerArguments) -> nn.Module:
    return build_smp(
        "Segformer", in_channels, out_channels, arguments, decoder_segmentation_channels=arguments.decoder_channels
    )


def _stride(_arguments: SegFormerArguments) -> int:
    return STRIDE


SEGFORMER = ModelSpec(
    name="segformer",
    title="SegFormer",
    paper="Xie et al. SegFormer: Simple and Efficient Design for Semantic Segmentation with Transformers. "
    "NeurIPS 2021.",
    dims=2,
    arguments=SegFormerArguments,
    builder=_build,
    stride_of=_stride,
    batch_norm_of=always_batch_norm,
    encoder_of=encoder_name,
    small={"encoder": "tu-test_efficientnet", "decoder_channels": 32},
)
