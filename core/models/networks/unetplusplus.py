"""U-Net++: every level but the deepest is refined once per level below it, with all earlier refinements at hand."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional

from core.models.networks.blocks import ConvBlock, Upsample, initialise, initialise_head
from core.models.unet import UNetArguments


class UNetPlusPlus(nn.Module):
    """Nodes X(level, step): step 0 is the encoder, the last step of the finest level is what the head sees.

    X(i, j) = block of [X(i, 0), ..., X(i, j - 1), up(X(i + 1, j - 1))], every node of level i as wide as the
    encoder there. Deep supervision is left out.

    Reference: Zhou et al. UNet++. DLMIA 2018, equation 1.
    """

    def __init__(self, in_channels: int, out_channels: int, arguments: UNetArguments) -> None:
        super().__init__()
        channels = arguments.channels
        deepest = len(channels) - 1
        self.encoder = nn.ModuleList(
            ConvBlock(before, after, arguments, arguments.dropout if level >= deepest - 1 else 0.0)
            for level, (before, after) in enumerate(zip((in_channels, *channels), channels, strict=False))
        )
        self.upsamplers = nn.ModuleDict()
        self.nodes = nn.ModuleDict()
        for level, (here, below) in enumerate(itertools.pairwise(channels)):
            for step in range(1, deepest - level + 1):
                self.upsamplers[_name(level, step)] = Upsample(below, here, arguments.upsampling)
                self.nodes[_name(level, step)] = ConvBlock((step + 1) * here, here, arguments)
        self.head = nn.Conv2d(channels[0], out_channels, 1)
        initialise(self, arguments.activation)
        initialise_head(self.head)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Turn (N, C, H, W), H and W multiples of the stride, into logits (N, R, H, W)."""
        x = images
        rows: list[list[torch.Tensor]] = []  # per level, its nodes so far
        for block in self.encoder:
            x = block(functional.max_pool2d(x, 2) if rows else x)
            rows.append([x])
        deepest = len(rows) - 1
        for step in range(1, deepest + 1):
            for level in range(deepest - step + 1):
                above = self.upsamplers[_name(level, step)](rows[level + 1][step - 1])
                rows[level].append(self.nodes[_name(level, step)](torch.cat([*rows[level], above], dim=1)))
        return self.head(rows[0][-1])  # type: ignore[no-any-return]


def _name(level: int, step: int) -> str:
    return f"{level}_{step}"
