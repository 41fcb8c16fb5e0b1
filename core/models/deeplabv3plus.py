"""DeepLabV3+: dilated convolutions at several rates, and one finer skip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from core.models.smp import SmpArguments, Width, always_batch_norm, build_smp, encoder_name
from core.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn

Rate = Annotated[int, Field(ge=1, le=64)]


class DeepLabV3PlusArguments(SmpArguments):
    """Arguments of smp's DeepLabV3+."""

    output_stride: Literal[8, 16] = Field(
        default=16, description="How much smaller the encoder's last features are; 8 is finer and slower."
    )
    decoder_channels: Width = Field(default=256, description="Feature maps after the dilated convolutions.")
    dilations: tuple[Rate, Rate, Rate] = Field(
        default=(12, 24, 36), description="Dilations of the three parallel 3 x 3 convolutions."
    )
    dropout: float = Field(default=0.5, ge=0.0, lt=1.0, description="Share of values dropped after them in training.")


def _build(in_channels: int, out_channels: int, arguments: DeepLabV3PlusArguments) -> nn.Module:
    return build_smp(
        "DeepLabV3Plus",
        in_channels,
        out_channels,
        arguments,
        encoder_output_stride=arguments.output_stride,
        decoder_channels=arguments.decoder_channels,
        decoder_atrous_rates=arguments.dilations,
        decoder_aspp_dropout=arguments.dropout,
    )


def _stride(arguments: DeepLabV3PlusArguments) -> int:
    return arguments.output_stride


DEEPLABV3PLUS = ModelSpec(
    name="deeplabv3plus",
    title="DeepLabV3+",
    paper="Chen et al. Encoder-Decoder with Atrous Separable Convolution for Semantic Image Segmentation. ECCV 2018.",
    dims=2,
    arguments=DeepLabV3PlusArguments,
    builder=_build,
    stride_of=_stride,
    # its image-level branch normalises one value per channel and image: a batch of 1 is refused by torch itself
    batch_norm_of=always_batch_norm,
    encoder_of=encoder_name,
    small={"encoder": "tu-test_efficientnet", "decoder_channels": 32},
)
