"""The ResNet of hybrid vision transformers: standardised convolutions, group norm, three stages."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from core.models.networks.blocks import normalisation

EPSILON = 1e-6
STAGES = (4, 8, 16)  # widths over that of the root, as in every ResNet of bottlenecks


class StandardisedConv2d(nn.Conv2d):
    """Convolution whose kernels are brought to mean 0 and variance 1, one output channel at a time.

    Reference: Qiao et al. Weight Standardization. 2019.
    """

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Turn (N, C, H, W) into (N, D, H / stride, W / stride)."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True, correction=0)
        weight = (self.weight - mean) * torch.rsqrt(variance + EPSILON)
        return functional.conv2d(images, weight, self.bias, self.stride, self.padding)


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolutions beside the identity, or beside a 1 x 1 where the shape changes.

    Reference: He et al. Deep Residual Learning. CVPR 2016, figure 5.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        between = max(out_channels // 4, 1)
        self.residual = nn.Sequential(
            _conv(in_channels, between, 1, 1),
            normalisation("group", between),
            nn.ReLU(inplace=True),
            _conv(between, between, 3, stride),
            normalisation("group", between),
            nn.ReLU(inplace=True),
            _conv(between, out_channels, 1, 1),
            normalisation("group", out_channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                _conv(in_channels, out_channels, 1, stride), normalisation("group", out_channels)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Turn (N, C, H, W) into (N, D, H / stride, W / stride)."""
        return functional.relu(self.shortcut(x) + self.residual(x))


class HybridResNet(nn.Module):
    """Root, pooling and three stages: features at 1/2, 1/4, 1/8 and 1/16 of the image.

    Reference: Dosovitskiy et al. An Image is Worth 16x16 Words. ICLR 2021, section 4.1 (hybrid).
    """

    def __init__(self, in_channels: int, width: int, blocks: tuple[int, int, int]) -> None:
        super().__init__()
        self.root = nn.Sequential(_conv(in_channels, width, 7, 2), normalisation("group", width), nn.ReLU(inplace=True))
        self.channels = (width, *(width * times for times in STAGES))
        self.stages = nn.ModuleList(
            nn.Sequential(
                Bottleneck(before, after, 1 if stage == 0 else 2),
                *(Bottleneck(after, after, 1) for _ in range(count - 1)),
            )
            for stage, (before, after, count) in enumerate(zip(self.channels, self.channels[1:], blocks, strict=False))
        )

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Turn (N, C, H, W), multiples of 16, into four feature maps, finest first."""
        features = [self.root(images)]
        x = functional.max_pool2d(features[0], 3, stride=2, padding=1)
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


def _conv(in_channels: int, out_channels: int, size: int, stride: int) -> nn.Conv2d:
    return StandardisedConv2d(in_channels, out_channels, size, stride=stride, padding=size // 2, bias=False)
