"""Binary cross-entropy: every pixel of every region counts alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from core.arguments import Arguments
from core.losses.channels import OneOrEach, channel_weights
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss


class BceArguments(Arguments):
    """Arguments of binary cross-entropy."""

    pos_weight: OneOrEach = Field(
        default=(1.0,), description="How many times a tumour pixel counts: one number, or one for each region."
    )


def bce_loss(logits: torch.Tensor, targets: torch.Tensor, pos_weight: Sequence[float] = (1.0,)) -> torch.Tensor:
    """Average -w t log p - (1 - t) log(1 - p), p = sigmoid(logit), over everything.

    An empty reference needs no special case: each false positive pixel costs -log(1 - p).

    Args:
        logits: (N, R, H, W) float32.
        targets: (N, R, H, W) float32 of 0 and 1.
        pos_weight: w, for all regions or for each.

    Returns:
        float32 scalar, at least 0.

    Raises:
        ArgumentError: neither one weight nor one for each region.

    Reference: Good. Rational Decisions. J. R. Stat. Soc. B 14, 1952 (the logarithmic score).
    """
    from torch.nn import functional

    weights = channel_weights(pos_weight, logits, "pos_weight")[:, None, None] if set(pos_weight) != {1.0} else None
    return functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=weights)


def _build(arguments: BceArguments, _target: TargetKind) -> Loss:
    return lambda logits, targets: bce_loss(logits, targets, arguments.pos_weight)


BCE = LossSpec(
    name="bce",
    title="Binary cross-entropy",
    reference="Good. Rational Decisions. J. R. Stat. Soc. B 14, 1952.",
    arguments=BceArguments,
    builder=_build,
    targets=("regions",),
)
