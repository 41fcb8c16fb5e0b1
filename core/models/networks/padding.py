"""Any height and width: pad to what the network can halve, crop the logits back."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class PaddedToStride(nn.Module):
    """Run a network on its input padded with zeros, which is what background is after preparing."""

    def __init__(self, net: nn.Module, stride: int) -> None:
        super().__init__()
        self.net = net
        self.stride = stride

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Turn (N, C, H, W) into logits (N, R, H, W)."""
        height, width = images.shape[-2:]
        top, bottom = _margins(height, self.stride)
        left, right = _margins(width, self.stride)
        if not (top or bottom or left or right):
            return self.net(images)  # type: ignore[no-any-return]
        logits = self.net(functional.pad(images, (left, right, top, bottom)))
        return logits[..., top : top + height, left : left + width]  # type: ignore[no-any-return]


def _margins(size: int, stride: int) -> tuple[int, int]:
    # twice the stride at least: normalisation over a single bottleneck pixel is not defined
    padded = max(-(-size // stride), 2) * stride
    before = (padded - size) // 2
    return before, padded - size - before
