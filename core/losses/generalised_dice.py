"""Generalised Dice: one overlap of all regions together, small regions weighing as much as large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from core.losses.channels import BackgroundArguments, compared, refuse_background_of_regions, summed_axes
from core.losses.dice import OverlapArguments
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss


class GeneralisedDiceArguments(OverlapArguments, BackgroundArguments):
    """Arguments of generalised Dice."""

    smooth: float = Field(
        default=1.0,
        gt=0.0,
        le=1e6,
        description="Pixels of the smallest region added to both sides of the fraction; sets what an empty slice "
        "costs.",
    )


def generalised_dice_loss(
    logits: torch.Tensor, targets: torch.Tensor, arguments: GeneralisedDiceArguments, target: TargetKind = "regions"
) -> torch.Tensor:
    """Return 1 - (2 sum_r w_r sum(p t) + s) / (sum_r w_r (sum(p) + sum(t)) + s), w_r = (v_min / v_r)^2.

    v_r is the volume of region r in the reference. The published weights are 1 / v_r^2; the common factor v_min^2,
    of the smallest region that is there, cancels out but for s, which thereby is in pixels. A region that is not
    there would weigh infinitely: it weighs as much as the smallest one that is. With nothing there at all every
    weight is 1 and this is sum(p) / (sum(p) + s): 0 for an empty prediction.

    Args:
        logits: (N, R, H, W) float32.
        targets: (N, R, H, W) float32 of 0 and 1.
        arguments: s, and whether all slices of the batch are one overlap or each slice has its own (then averaged).
        target: p is the sigmoid of each logit for regions, the softmax over them for classes.

    Returns:
        float32 scalar in [0, 1).

    Reference: Sudre et al. Generalised Dice Overlap as a Deep Learning Loss Function for Highly Unbalanced
    Segmentations. DLMIA 2017, eq. 4.
    """
    axes = summed_axes(arguments.over)
    probabilities, reference = compared(logits, targets, target, arguments.background)
    volume = reference.sum(axes)
    weight = _relative_weights(volume)
    overlap = (weight * (probabilities * reference).sum(axes)).sum(-1)
    total = (weight * (probabilities.sum(axes) + volume)).sum(-1)
    return (1 - (2 * overlap + arguments.smooth) / (total + arguments.smooth)).mean()


def _relative_weights(volume: torch.Tensor) -> torch.Tensor:
    """Return (smallest volume above 0 / volume)^2 along the last axis, and 1 where the volume is 0."""
    there = volume > 0
    smallest = volume.masked_fill(~there, float("inf")).amin(-1, keepdim=True)
    return (smallest / volume).masked_fill(~there, 1.0) ** 2


def _build(arguments: GeneralisedDiceArguments, target: TargetKind) -> Loss:
    refuse_background_of_regions("generalised_dice", arguments, target)
    return lambda logits, targets: generalised_dice_loss(logits, targets, arguments, target)


GENERALISED_DICE = LossSpec(
    name="generalised_dice",
    title="Generalised Dice",
    reference="Sudre, Li, Vercauteren, Ourselin, Cardoso. Generalised Dice Overlap as a Deep Learning Loss Function "
    "for Highly Unbalanced Segmentations. DLMIA 2017.",
    arguments=GeneralisedDiceArguments,
    builder=_build,
    targets=("regions", "classes"),
)
