"""SegNet: VGG-like levels, and a decoder that puts every maximum back where it was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from core.arguments import Arguments
from core.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn


class SegNetArguments(Arguments):
    """Arguments of SegNet; the defaults are the paper's, which are VGG-16's convolutions."""

    channels: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=1, max_length=7)] = Field(
        default=(64, 128, 256, 512, 512),
        description="Feature maps per level, finest first; each ends in pooling.",
    )
    convolutions: tuple[Annotated[int, Field(ge=1, le=8)], ...] = Field(
        default=(2, 2, 3, 3, 3), description="3 x 3 convolutions per level, on the way down and on the way up."
    )
    dropout: float = Field(
        default=0.0, ge=0.0, lt=1.0, description="Share of feature maps dropped at the two deepest levels in training."
    )
    norm: Literal["batch", "instance", "group"] = Field(
        default="batch", description="Normalisation after each convolution; batch needs a batch of at least 2."
    )
    activation: Literal["relu", "leaky_relu", "silu"] = Field(
        default="relu", description="Non-linearity after each normalisation."
    )

    @model_validator(mode="after")
    def _one_count_per_level(self) -> Self:
        if len(self.convolutions) != len(self.channels):
            raise ValueError(
                f"convolutions has {len(self.convolutions)} entries; expected {len(self.channels)}, one per level of "
                "channels"
            )
        return self


def _build(in_channels: int, out_channels: int, arguments: SegNetArguments) -> nn.Module:
    from core.models.networks.segnet import SegNet

    return SegNet(in_channels, out_channels, arguments)


def _stride(arguments: SegNetArguments) -> int:
    return 1 << len(arguments.channels)


def _uses_batch_norm(arguments: SegNetArguments) -> bool:
    return arguments.norm == "batch"


SEGNET = ModelSpec(
    name="segnet",
    title="SegNet",
    paper="Badrinarayanan, Kendall, Cipolla. SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image "
    "Segmentation. TPAMI 2017.",
    dims=2,
    arguments=SegNetArguments,
    builder=_build,
    stride_of=_stride,
    batch_norm_of=_uses_batch_norm,
    small={"channels": (8, 16, 32), "convolutions": (1, 2, 2)},
)
