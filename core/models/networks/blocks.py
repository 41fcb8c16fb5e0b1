"""Pieces that the U-Nets are made of."""

from __future__ import annotations

from math import gcd
from typing import Literal

import torch
from torch import nn

from core.models.unet import UNetArguments

# Wu and He, Group Normalization, ECCV 2018 use 32 groups at 64 channels and more; 8 also divides narrow nets.
MAX_GROUPS = 8
LEAKY_SLOPE = 0.01


def normalisation(kind: Literal["batch", "instance", "group"], channels: int) -> nn.Module:
    """Return a normalisation layer with a learned scale and shift per channel."""
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "instance":
        return nn.InstanceNorm2d(channels, affine=True)
    return nn.GroupNorm(gcd(channels, MAX_GROUPS), channels)


def activation(kind: Literal["relu", "leaky_relu", "silu"]) -> nn.Module:
    """Return the non-linearity."""
    if kind == "relu":
        return nn.ReLU(inplace=True)
    if kind == "leaky_relu":
        return nn.LeakyReLU(LEAKY_SLOPE, inplace=True)
    return nn.SiLU(inplace=True)


class ConvBlock(nn.Sequential):
    """Two 3 x 3 convolutions, each normalised and activated, then dropout of whole feature maps."""

    def __init__(self, in_channels: int, out_channels: int, arguments: UNetArguments, dropout: float = 0.0) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            # no bias: the normalisation that follows would cancel it
            layers += [
                nn.Conv2d(channels, out_channels, 3, padding=1, bias=False),
                normalisation(arguments.norm, out_channels),
                activation(arguments.activation),
            ]
        if dropout > 0:
            layers.append(nn.Dropout2d(dropout))
        super().__init__(*layers)


class Upsample(nn.Sequential):
    """Double height and width while changing the number of channels."""

    def __init__(self, in_channels: int, out_channels: int, kind: Literal["transpose", "interpolate"]) -> None:
        if kind == "transpose":
            super().__init__(nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2))
        else:
            # the 1 x 1 convolution first: it commutes with interpolation and is four times cheaper there
            super().__init__(
                nn.Conv2d(in_channels, out_channels, 1),
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            )


def initialise(network: nn.Module, kind: Literal["relu", "leaky_relu", "silu"]) -> None:
    """Draw every convolution's weights for the non-linearity that follows it.

    Reference: He et al. Delving Deep into Rectifiers. ICCV 2015. SiLU takes ReLU's gain.
    """
    slope = LEAKY_SLOPE if kind == "leaky_relu" else 0.0
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            # fan_out of a transposed convolution is counted on its swapped weight, so fan_in there
            mode: Literal["fan_in", "fan_out"] = "fan_in" if isinstance(module, nn.ConvTranspose2d) else "fan_out"
            nn.init.kaiming_normal_(module.weight, a=slope, mode=mode, nonlinearity="leaky_relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def initialise_head(head: nn.Conv2d) -> None:
    """Draw the last convolution's weights small enough that training starts near probability one half."""
    with torch.no_grad():
        nn.init.xavier_uniform_(head.weight)
        if head.bias is not None:
            nn.init.zeros_(head.bias)
