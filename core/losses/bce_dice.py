"""The hybrid: cross-entropy for smooth gradients, Dice for the imbalance between tumour and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from core.losses.bce import BceArguments, bce_loss
from core.losses.dice import DiceArguments, OverlapArguments, dice_loss
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss


class BceDiceArguments(BceArguments, OverlapArguments):
    """Arguments of both terms, and their weights."""

    bce_weight: float = Field(default=1.0, ge=0.0, le=1e6, description="Weight of the cross-entropy term.")
    dice_weight: float = Field(default=1.0, ge=0.0, le=1e6, description="Weight of the Dice term.")

    @model_validator(mode="after")
    def _one_term_at_least(self) -> Self:
        if self.bce_weight == 0 and self.dice_weight == 0:
            raise ValueError("bce_weight and dice_weight are both 0; at least one must be positive")
        return self


def bce_dice_loss(logits: torch.Tensor, targets: torch.Tensor, arguments: BceDiceArguments) -> torch.Tensor:
    """Add bce_weight * `bce_loss` and dice_weight * `dice_loss`.

    Args:
        logits: (N, R, H, W) float32.
        targets: (N, R, H, W) float32 of 0 and 1.
        arguments: weights, and the arguments of both terms.

    Returns:
        float32 scalar, at least 0; what the terms do on an empty reference holds for their sum.

    Reference: Isensee et al. nnU-Net. Nature Methods 18, 2021 (the equal sum of the two terms).
    """
    bce = bce_loss(logits, targets, arguments.pos_weight)
    dice = dice_loss(logits, targets, DiceArguments(over=arguments.over, smooth=arguments.smooth))
    return arguments.bce_weight * bce + arguments.dice_weight * dice


def _build(arguments: BceDiceArguments, _target: TargetKind) -> Loss:
    return lambda logits, targets: bce_dice_loss(logits, targets, arguments)


BCE_DICE = LossSpec(
    name="bce_dice",
    title="Binary cross-entropy + Dice",
    reference="Isensee et al. nnU-Net: a self-configuring method for deep learning-based biomedical image "
    "segmentation. Nature Methods 18, 2021.",
    arguments=BceDiceArguments,
    builder=_build,
    targets=("regions",),
)
