"""U-Net++: a U-Net whose skips are dense chains of convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.models.spec import ModelSpec
from core.models.unet import UNetArguments, pooling_stride, uses_batch_norm

if TYPE_CHECKING:
    from torch import nn


class UNetPlusPlusArguments(UNetArguments):
    """Arguments of `UNetArguments`; without skips nothing would be nested."""

    skips: Literal[True] = Field(default=True, description="Always on: the nested blocks sit on the skips.")


def _build(in_channels: int, out_channels: int, arguments: UNetPlusPlusArguments) -> nn.Module:
    from core.models.networks.unetplusplus import UNetPlusPlus

    return UNetPlusPlus(in_channels, out_channels, arguments)


UNETPLUSPLUS = ModelSpec(
    name="unetplusplus",
    title="U-Net++",
    paper="Zhou et al. UNet++: A Nested U-Net Architecture for Medical Image Segmentation. DLMIA 2018.",
    dims=2,
    arguments=UNetPlusPlusArguments,
    builder=_build,
    stride_of=pooling_stride,
    batch_norm_of=uses_batch_norm,
    small={"channels": (8, 16, 32)},
)
