"""U-Net from scratch: what a recipe may say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from core.arguments import Arguments
from core.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn


class UNetArguments(Arguments):
    """Arguments of the U-Nets built here level by level."""

    channels: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=2, max_length=8)] = Field(
        default=(32, 64, 128, 256, 512), description="Feature maps per level, finest first; the last is the bottleneck."
    )
    dropout: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="Share of feature maps dropped at the two deepest levels in training."
    )
    norm: Literal["batch", "instance", "group"] = Field(
        default="batch", description="Normalisation after each convolution; batch needs a batch of at least 2."
    )
    activation: Literal["relu", "leaky_relu", "silu"] = Field(
        default="relu", description="Non-linearity after each normalisation."
    )
    upsampling: Literal["transpose", "interpolate"] = Field(
        default="transpose", description="Learned 2 x 2 transposed convolution, or bilinear and a 1 x 1 convolution."
    )
    skips: bool = Field(default=True, description="Connect each encoder level to its decoder level.")


def pooling_stride(arguments: UNetArguments) -> int:
    """Return how much smaller the bottleneck is than the input: 2 per level above it."""
    return 1 << (len(arguments.channels) - 1)


def uses_batch_norm(arguments: UNetArguments) -> bool:
    """Say whether the normalisation is the one that needs a batch."""
    return arguments.norm == "batch"


def _build(in_channels: int, out_channels: int, arguments: UNetArguments) -> nn.Module:
    from core.models.networks.unet import UNet

    return UNet(in_channels, out_channels, arguments)


UNET = ModelSpec(
    name="unet",
    title="U-Net",
    paper="Ronneberger, Fischer, Brox. U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015.",
    dims=2,
    arguments=UNetArguments,
    builder=_build,
    stride_of=pooling_stride,
    batch_norm_of=uses_batch_norm,
    small={"channels": (8, 16, 32)},
)
