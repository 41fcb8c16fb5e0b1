"""Optimisers and learning-rate schedules, as functions of the step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.recipe import OptimSection

if TYPE_CHECKING:
    import torch
    from torch import nn

POLY_POWER = 0.9
NO_DECAY_DIMS = 1  # biases and the gains of norms are not decayed


def learning_rate(section: OptimSection, step: int, total: int) -> float:
    """Return the rate of step `step` (from 1) of `total`: linear warm-up, then the schedule down to 0.

    Reference: cosine: Loshchilov & Hutter, "SGDR", ICLR 2017, without restarts; poly: Chen et al., "DeepLab",
    TPAMI 2018, power 0.9.
    """
    warmup = min(section.warmup_steps, total // 2)
    if step <= warmup:
        return section.lr * step / warmup
    done = (step - warmup - 1) / max(1, total - warmup)
    if section.schedule == "cosine":
        return section.lr * 0.5 * (1 + math.cos(math.pi * done))
    if section.schedule == "poly":
        return section.lr * math.pow(1 - done, POLY_POWER)
    return section.lr


def build_optimizer(section: OptimSection, model: nn.Module) -> torch.optim.Optimizer:
    """Build the optimiser; weight decay leaves biases and norms alone."""
    import torch

    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > NO_DECAY_DIMS], "weight_decay": section.weight_decay},
        {"params": [p for p in parameters if p.ndim <= NO_DECAY_DIMS], "weight_decay": 0.0},
    ]
    if section.name == "sgd":
        return torch.optim.SGD(groups, lr=section.lr, momentum=0.99, nesterov=True)
    if section.name == "adam":
        return torch.optim.Adam(groups, lr=section.lr)
    return torch.optim.AdamW(groups, lr=section.lr)
