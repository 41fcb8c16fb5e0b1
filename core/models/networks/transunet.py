"""TransUNet: hybrid encoder, transformer, cascaded upsampler."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from core.models.networks.blocks import initialise, initialise_head, normalisation
from core.models.networks.hybrid_resnet import HybridResNet
from core.models.networks.vision_transformer import TransformerShape, VisionTransformer
from core.models.transunet import TransUNetArguments


class TransUNet(nn.Module):
    """ResNet to 1/16, transformer over its last feature map, and four doublings back, three of them with a skip.

    Reference: Chen et al. TransUNet. 2021, section 3 and figure 1.
    """

    def __init__(self, in_channels: int, out_channels: int, arguments: TransUNetArguments) -> None:
        super().__init__()
        self.encoder = HybridResNet(in_channels, arguments.width, arguments.blocks)
        *fine, last = self.encoder.channels
        widths = arguments.decoder_channels
        self.widen = _conv_block(arguments.hidden, 2 * widths[0], arguments)
        skips = [*reversed(fine), 0] if arguments.skips else [0, 0, 0, 0]
        self.decoder = nn.ModuleList(
            nn.Sequential(_conv_block(below + skip, here, arguments), _conv_block(here, here, arguments))
            for below, skip, here in zip((2 * widths[0], *widths), skips, widths, strict=False)
        )
        self.head = nn.Conv2d(widths[-1], out_channels, 3, padding=1)
        initialise(self, "relu")
        initialise_head(self.head)
        # after `initialise`, whose rule for convolutions is not the token embedding's
        self.transformer = VisionTransformer(
            last,
            TransformerShape(
                hidden=arguments.hidden,
                layers=arguments.layers,
                heads=arguments.heads,
                mlp_ratio=arguments.mlp_ratio,
                dropout=arguments.dropout,
                grid=arguments.grid,
            ),
        )
        self.skips = arguments.skips

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Turn (N, C, H, W), H and W multiples of 16, into logits (N, R, H, W)."""
        *fine, coarse = self.encoder(images)
        x = self.widen(self.transformer(coarse))
        for level in self.decoder:
            x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            if self.skips and fine:
                x = torch.cat([x, fine.pop()], dim=1)
            x = level(x)
        return self.head(x)  # type: ignore[no-any-return]


def _conv_block(in_channels: int, out_channels: int, arguments: TransUNetArguments) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        normalisation(arguments.norm, out_channels),
        nn.ReLU(inplace=True),
    )
