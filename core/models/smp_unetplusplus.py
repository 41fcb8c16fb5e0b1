"""U-Net++ on an encoder of segmentation-models-pytorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.models.smp import SmpDecoderArguments, always_batch_norm, build_smp, encoder_name, halvings_stride
from core.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn


class SmpUNetPlusPlusArguments(SmpDecoderArguments):
    """Arguments of smp's U-Net++."""


def _build(in_channels: int, out_channels: int, arguments: SmpUNetPlusPlusArguments) -> nn.Module:
    return build_smp("UnetPlusPlus", in_channels, out_channels, arguments, **arguments.options())


SMP_UNETPLUSPLUS = ModelSpec(
    name="smp_unetplusplus",
    title="U-Net++ on a pretrained encoder",
    paper="Zhou et al. UNet++: A Nested U-Net Architecture for Medical Image Segmentation. DLMIA 2018; "
    "built by Iakubovskii. Segmentation Models PyTorch. 2019.",
    dims=2,
    arguments=SmpUNetPlusPlusArguments,
    builder=_build,
    stride_of=halvings_stride,
    batch_norm_of=always_batch_norm,
    encoder_of=encoder_name,
    small={"encoder": "tu-test_efficientnet", "decoder_channels": (32, 16, 16, 8, 8)},
)
