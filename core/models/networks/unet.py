"""U-Net, level by level."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional

from core.models.networks.blocks import ConvBlock, Upsample, initialise, initialise_head
from core.models.unet import UNetArguments


class UNet(nn.Module):
    """Encoder, bottleneck and decoder with a skip per level.

    Reference: Ronneberger, Fischer, Brox. U-Net. MICCAI 2015; here with padded convolutions and normalisation.
    """

    def __init__(self, in_channels: int, out_channels: int, arguments: UNetArguments) -> None:
        super().__init__()
        channels = arguments.channels
        deepest = len(channels) - 1
        self.skips = arguments.skips
        self.encoder = nn.ModuleList(
            ConvBlock(before, after, arguments, arguments.dropout if level >= deepest - 1 else 0.0)
            for level, (before, after) in enumerate(zip((in_channels, *channels), channels, strict=False))
        )
        self.upsamplers = nn.ModuleList(
            Upsample(below, here, arguments.upsampling) for here, below in itertools.pairwise(channels)
        )
        self.decoder = nn.ModuleList(
            ConvBlock(2 * here if self.skips else here, here, arguments) for here in channels[:-1]
        )
        self.head = nn.Conv2d(channels[0], out_channels, 1)
        initialise(self, arguments.activation)
        initialise_head(self.head)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Turn (N, C, H, W), H and W multiples of the stride, into logits (N, R, H, W)."""
        x = images
        levels: list[torch.Tensor] = []
        for block in self.encoder:
            x = block(functional.max_pool2d(x, 2) if levels else x)
            levels.append(x)
        for level in reversed(range(len(self.decoder))):
            above = self.upsamplers[level](x)
            if self.skips:
                above = torch.cat([self.passed(level, levels[level], x), above], dim=1)
            x = self.decoder[level](above)
        return self.head(x)  # type: ignore[no-any-return]

    def passed(self, level: int, skip: torch.Tensor, gating: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return what a skip hands to the decoder: here, all of it.

        Args:
            level: 0 is the finest.
            skip: (N, C, H, W) from the encoder.
            gating: (N, D, H / 2, W / 2) from the level below in the decoder.
        """
        return skip
