"""Attention U-Net: additive gates on the skips of `UNet`."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional

from core.models.networks.blocks import initialise, normalisation
from core.models.networks.unet import UNet
from core.models.unet import UNetArguments

# sigmoid(3) = 0.95: the paper starts with gates that let everything through
OPEN_GATE_BIAS = 3.0
PSI_STD = 0.01


class AttentionGate(nn.Module):
    """Weigh each place of a skip by how well it agrees with the coarser, deeper features.

    alpha = sigmoid(psi(relu(W_x x + W_g g + b_g)) + b_psi), computed on the gating signal's grid
    (W_x is a 2 x 2 convolution of stride 2), brought to the skip's grid bilinearly; the gated
    skip alpha * x passes a 1 x 1 convolution and normalisation.

    Reference: Oktay et al. Attention U-Net. MIDL 2018, equations 1 and 2.
    """

    def __init__(self, channels: int, gating_channels: int, arguments: UNetArguments) -> None:
        super().__init__()
        between = max(channels // 2, 1)
        self.of_skip = nn.Conv2d(channels, between, 2, stride=2, bias=False)
        self.of_gating = nn.Conv2d(gating_channels, between, 1)
        self.psi = nn.Conv2d(between, 1, 1)
        self.out = nn.Sequential(nn.Conv2d(channels, channels, 1, bias=False), normalisation(arguments.norm, channels))
        initialise(self, "relu")
        nn.init.normal_(self.psi.weight, std=PSI_STD)
        nn.init.constant_(self.psi.bias, OPEN_GATE_BIAS)  # type: ignore[arg-type]

    def forward(self, skip: torch.Tensor, gating: torch.Tensor) -> torch.Tensor:
        """Gate (N, C, H, W) by (N, D, H / 2, W / 2); returns (N, C, H, W)."""
        return self.out(skip * self.attention(skip, gating))  # type: ignore[no-any-return]

    def attention(self, skip: torch.Tensor, gating: torch.Tensor) -> torch.Tensor:
        """Return alpha, (N, 1, H, W), between 0 (held back) and 1 (passed)."""
        agreement = functional.relu(self.of_skip(skip) + self.of_gating(gating))
        coarse = torch.sigmoid(self.psi(agreement))
        return functional.interpolate(coarse, size=skip.shape[-2:], mode="bilinear", align_corners=False)


class AttentionUNet(UNet):
    """U-Net with a gate on every skip but the finest.

    The finest is passed whole, as in the paper: its features are too shallow to be compared with.
    """

    def __init__(self, in_channels: int, out_channels: int, arguments: UNetArguments) -> None:
        super().__init__(in_channels, out_channels, arguments)
        pairs = list(itertools.pairwise(arguments.channels))
        self.gates = nn.ModuleList(AttentionGate(here, below, arguments) for here, below in pairs[1:])

    def passed(self, level: int, skip: torch.Tensor, gating: torch.Tensor) -> torch.Tensor:
        """Return the skip weighed by its gate."""
        return self.gates[level - 1](skip, gating) if level > 0 else skip
