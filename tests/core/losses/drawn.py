"""Random logits and references for comparing a loss with another library's."""

from __future__ import annotations

import torch


def regions(n: int = 3, channels: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits and overlapping masks, (n, channels, 9, 7) float32."""
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(n, channels, 9, 7, generator=generator)
    return logits, (torch.rand(n, channels, 9, 7, generator=generator) < 0.3).float()


def classes(n: int = 3, channels: int = 4) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return logits, one-hot targets (n, channels, 9, 7) float32, and the same as indices (n, 9, 7) int64."""
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(n, channels, 9, 7, generator=generator)
    indices = torch.randint(0, channels, (n, 9, 7), generator=generator)
    return logits, torch.nn.functional.one_hot(indices, channels).movedim(-1, 1).float(), indices
