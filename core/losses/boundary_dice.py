"""Boundary loss beside generalised Dice, which finds what the boundary loss then draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from core.losses.boundary import BoundaryArguments, boundary_loss
from core.losses.channels import refuse_background_of_regions
from core.losses.generalised_dice import GeneralisedDiceArguments, generalised_dice_loss
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss


class BoundaryDiceArguments(GeneralisedDiceArguments):
    """Arguments of both terms, and their weights."""

    boundary_weight: float = Field(default=1.0, ge=0.0, le=1e6, description="Weight of the boundary term.")
    dice_weight: float = Field(default=1.0, ge=0.0, le=1e6, description="Weight of the generalised Dice term.")

    @model_validator(mode="after")
    def _one_term_at_least(self) -> Self:
        if self.boundary_weight == 0 and self.dice_weight == 0:
            raise ValueError("boundary_weight and dice_weight are both 0; at least one must be positive")
        return self


def boundary_dice_loss(
    logits: torch.Tensor, targets: torch.Tensor, arguments: BoundaryDiceArguments, target: TargetKind = "regions"
) -> torch.Tensor:
    """Add boundary_weight * `boundary_loss` and dice_weight * `generalised_dice_loss`.

    Args:
        logits: (N, R, H, W) float32.
        targets: (N, R, H, W) float32 of 0 and 1.
        arguments: weights, and the arguments of both terms.
        target: sigmoid for regions, softmax for classes.

    Returns:
        float32 scalar, at least 0; what the terms do on an empty reference holds for their sum.

    Reference: Kervadec et al. Boundary loss for highly unbalanced segmentation. MIDL 2019, eq. 6.
    """
    dice = generalised_dice_loss(logits, targets, arguments, target)
    if arguments.boundary_weight == 0:
        return arguments.dice_weight * dice
    boundary = boundary_loss(logits, targets, BoundaryArguments(background=arguments.background), target)
    return arguments.boundary_weight * boundary + arguments.dice_weight * dice


def _build(arguments: BoundaryDiceArguments, target: TargetKind) -> Loss:
    refuse_background_of_regions("boundary_dice", arguments, target)
    return lambda logits, targets: boundary_dice_loss(logits, targets, arguments, target)


BOUNDARY_DICE = LossSpec(
    name="boundary_dice",
    title="Boundary loss + generalised Dice",
    reference="Kervadec et al. Boundary loss for highly unbalanced segmentation. MIDL 2019.",
    arguments=BoundaryDiceArguments,
    builder=_build,
    targets=("regions", "classes"),
)
