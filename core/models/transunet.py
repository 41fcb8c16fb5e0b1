"""TransUNet: a ResNet for the fine levels, a vision transformer for the coarsest, and a U-Net's way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from core.arguments import Arguments
from core.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn

# root 2, pooling 2, two of the three stages 2 each
STRIDE = 16
Width = Annotated[int, Field(ge=1, le=4096)]
Count = Annotated[int, Field(ge=1, le=48)]


class TransUNetArguments(Arguments):
    """Arguments of TransUNet.

    The paper's R50-ViT-B_16 is `width: 64, blocks: [3, 4, 9], hidden: 768, layers: 12, heads: 12`; the
    defaults are a fifth of it, which two CPU cores can train.
    """

    width: int = Field(
        default=32,
        ge=2,
        le=256,
        description="Feature maps after the ResNet's first convolution; its stages have 4, 8 and 16 times as many.",
    )
    blocks: tuple[Count, Count, Count] = Field(
        default=(3, 4, 6), description="Residual blocks in each of three stages."
    )
    hidden: int = Field(default=384, ge=8, le=4096, description="Length of a token in the transformer.")
    layers: int = Field(default=8, ge=1, le=48, description="Transformer layers.")
    heads: int = Field(default=6, ge=1, le=64, description="Attention heads; they share out the token's length.")
    mlp_ratio: float = Field(
        default=4.0, gt=0, le=16, description="Width of a layer's perceptron over a token's length."
    )
    dropout: float = Field(default=0.1, ge=0.0, lt=1.0, description="Share of values dropped inside the transformer.")
    decoder_channels: tuple[Width, Width, Width, Width] = Field(
        default=(256, 128, 64, 16), description="Feature maps per decoder level, coarsest first."
    )
    norm: Literal["batch", "instance", "group"] = Field(
        default="batch", description="Normalisation in the decoder; batch needs a batch of at least 2."
    )
    skips: bool = Field(default=True, description="Connect the ResNet's three resolutions to the decoder.")
    grid: int = Field(
        default=14,
        ge=1,
        le=256,
        description="Side of the learned grid of position embeddings; others are interpolated.",
    )

    @model_validator(mode="after")
    def _heads_share_the_token(self) -> Self:
        if self.hidden % self.heads:
            raise ValueError(f"hidden is {self.hidden}; expected a multiple of heads = {self.heads}")
        return self


def _build(in_channels: int, out_channels: int, arguments: TransUNetArguments) -> nn.Module:
    from core.models.networks.transunet import TransUNet

    return TransUNet(in_channels, out_channels, arguments)


def _stride(_arguments: TransUNetArguments) -> int:
    return STRIDE


def _uses_batch_norm(arguments: TransUNetArguments) -> bool:
    return arguments.norm == "batch"


TRANSUNET = ModelSpec(
    name="transunet",
    title="TransUNet",
    paper="Chen et al. TransUNet: Transformers Make Strong Encoders for Medical Image Segmentation. 2021.",
    dims=2,
    arguments=TransUNetArguments,
    builder=_build,
    stride_of=_stride,
    batch_norm_of=_uses_batch_norm,
    small={
        "width": 8,
        "blocks": (1, 1, 1),
        "hidden": 32,
        "layers": 2,
        "heads": 2,
        "decoder_channels": (32, 16, 8, 8),
        "grid": 4,
    },
)
