"""The hybrid for exclusive classes: cross-entropy for smooth gradients, Dice for the imbalance between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from core.losses.ce import CeArguments, ce_loss
from core.losses.dice import DiceArguments, dice_loss
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss


class CeDiceArguments(CeArguments, DiceArguments):
    """Arguments of both terms, and their weights."""

    ce_weight: float = Field(default=1.0, ge=0.0, le=1e6, description="Weight of the cross-entropy term.")
    dice_weight: float = Field(default=1.0, ge=0.0, le=1e6, description="Weight of the Dice term.")

    @model_validator(mode="after")
    def _one_term_at_least(self) -> Self:
        if self.ce_weight == 0 and self.dice_weight == 0:
            raise ValueError("ce_weight and dice_weight are both 0; at least one must be positive")
        return self


def ce_dice_loss(logits: torch.Tensor, targets: torch.Tensor, arguments: CeDiceArguments) -> torch.Tensor:
    """Add ce_weight * `ce_loss` and dice_weight * `dice_loss`.

    Args:
        logits: (N, K, H, W) float32, background first.
        targets: (N, K, H, W) float32, one-hot.
        arguments: weights, and the arguments of both terms.

    Returns:
        float32 scalar, at least 0; what the terms do on an empty reference holds for their sum.

    Reference: Isensee et al. nnU-Net. Nature Methods 18, 2021 (the equal sum of the two terms).
    """
    ce = ce_loss(logits, targets, arguments.class_weights)
    return arguments.ce_weight * ce + arguments.dice_weight * dice_loss(logits, targets, arguments, "classes")


def _build(arguments: CeDiceArguments, _target: TargetKind) -> Loss:
    return lambda logits, targets: ce_dice_loss(logits, targets, arguments)


CE_DICE = LossSpec(
    name="ce_dice",
    title="Cross-entropy + Dice",
    reference="Isensee et al. nnU-Net: a self-configuring method for deep learning-based biomedical image "
    "segmentation. Nature Methods 18, 2021.",
    arguments=CeDiceArguments,
    builder=_build,
    targets=("classes",),
)
